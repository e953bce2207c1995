"""KPIs are the last nodes of lineage: predictions of the models that they name lead to them."""

from vedette.business.kpis.lineage import KpiEdges
from vedette.core.identity import ResourceId
from vedette.lineage.graph import Edge, Node
from vedette.lineage.service import LineageService


def test_predictions_and_versions_lead_to_the_kpis_that_name_them(firm):
    firm.kpi("revenue", models=["churn"], owners=["ada"], unit="EUR")
    firm.kpi("upsell", models=["churn/3", "price"])
    edges = KpiEdges(firm.catalog)
    predictions, revenue = Node("predictions", "churn"), Node("kpi", "revenue")

    def found(*nodes, down):
        return set(edges.edges(firm.account, nodes, down=down, limit=10))

    assert found(predictions, down=True) == {Edge(predictions, revenue, "ContributedTo")}
    assert {edge.source for edge in found(Node("kpi", "upsell"), down=False)} == {
        Node("model", "churn", "3"), Node("predictions", "price")
    }  # fmt: skip
    assert found(Node("model", "churn", "2"), down=True) == set()
    about = edges.describe(firm.account, [revenue, Node("kpi", "gone")])
    assert about == {revenue: {"unit": "EUR", "owners": ["ada"]}}


def test_what_is_linked_to_a_kpi_is_found_by_its_identity(firm):
    firm.kpi("revenue", models=["churn"])
    service = LineageService(firm.catalog, firm.runner, more=[KpiEdges(firm.catalog)])
    kpi = ResourceId(firm.account, "kpi", "revenue")
    around = service.distances(firm.account, kpi, 6)
    assert around == {str(kpi): 0, f"{firm.account}/predictions/churn": 1}
