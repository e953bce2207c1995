from vedette.scheduler import Every, put_work


def test_an_admin_of_the_installation_sees_what_runs_when(root, admin, catalog):
    put_work(catalog, "job", "a", Every(60), account=admin.account)
    catalog.scheduled_work.claim("job", "t", now=1e10, lease_seconds=60, back=600, limit=1)
    catalog.scheduled_work.fail("job", "a", "t", error="no such metric", next_due=5e9)
    (item,) = [one for one in root.get("/scheduled-work")["work"] if one["kind"] == "job"]
    assert (item["schedule"], item["error"], item["attempts"]) == ("every 60s", "no such metric", 1)
    assert (item["last_slot"], item["running"]) == (None, False)
    admin.get("/scheduled-work", status=403)
