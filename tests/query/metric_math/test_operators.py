import numpy as np

from vedette.query.metric_math.operators import combine
from vedette.query.metric_math.values import TimeSeries


def series(value, **labels):
    return TimeSeries(np.array([value, value]), str(labels), labels)


def test_two_arrays_are_joined_where_all_labels_are_the_same():
    errors = (series(5.0, job="a"), series(1.0, job="b"), series(9.0, job="only here"))
    requests = (series(4.0, job="b"), series(10.0, job="a"), series(1.0, job="only there"))
    joined = combine("/", errors, requests)
    assert [(one.labels["job"], one.values[0]) for one in joined] == [("a", 0.5), ("b", 0.25)]
    assert combine("/", errors, ()) == ()
