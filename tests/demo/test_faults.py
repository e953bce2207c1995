from vedette.demo.workload.faults import (
    TRAINING_PERIOD,
    Fault,
    fault_of_round,
    hours_of_round,
    is_training_round,
)


def _cycle(seed: int) -> dict[int, Fault]:
    rounds = range(len(Fault) * TRAINING_PERIOD)
    return {n: fault for n in rounds if (fault := fault_of_round(seed, n))}


def test_every_kind_comes_once_a_cycle_and_the_seed_decides_when() -> None:
    assert sorted(_cycle(13).values()) == sorted(Fault)
    assert _cycle(13) == _cycle(13)
    assert len({tuple(_cycle(seed).items()) for seed in range(20)}) > 10


def test_a_newcomer_has_two_rounds_without_a_fault_and_waits_for_few() -> None:
    for seed in range(50):
        first = min(_cycle(seed))
        assert 2 <= first <= 4


def test_weather_lacks_its_column_only_where_a_model_is_trained_on_it() -> None:
    for seed in range(50):
        for number, fault in _cycle(seed).items():
            assert is_training_round(number) == (fault is Fault.WEATHER_WITHOUT_COLUMN)


def test_the_first_round_trains_so_that_there_is_a_model() -> None:
    assert is_training_round(0)


def test_the_clock_is_wrong_from_the_start_for_a_while_and_again() -> None:
    hours = [hours_of_round(number) for number in range(140)]
    assert hours[1] == hours[50] == hours[131] == 12
    assert hours[0] == 24
    assert set(hours[51:131]) == {24}
