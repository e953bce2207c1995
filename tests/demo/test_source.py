from pathlib import Path

from vedette.demo.workload import source


def _rows(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines()) - 1


def test_no_flight_is_lost_or_doubled_on_the_way_into_daily_files(workload_folder: Path) -> None:
    files = list((workload_folder / "landing" / "flights").glob("*.csv"))
    assert len(files) == 365
    assert sum(map(_rows, files)) == 336_776


def test_days_have_both_feeds(workload_folder: Path) -> None:
    days = source.days()
    assert (days[0], days[-1], len(days)) == ("2013-01-01", "2013-12-30", 364)
    for day in days:
        assert source.landing_file("weather", day).exists()


def test_a_file_begins_with_the_header_and_holds_only_its_day(workload_folder: Path) -> None:
    lines = source.landing_file("flights", "2013-10-01").read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("year,month,day,dep_time")
    assert all(line.startswith("2013,10,1,") for line in lines[1:])


def test_a_landing_zone_that_is_complete_is_left_alone(workload_folder: Path) -> None:
    before = source.landing_file("flights", "2013-01-01").stat().st_mtime_ns
    source.fill_landing_zone()
    assert source.landing_file("flights", "2013-01-01").stat().st_mtime_ns == before


def test_what_is_learned_from_is_never_what_is_predicted(workload_folder: Path) -> None:
    assert workload_folder.exists()
    season = source.season()
    assert (len(season.archive), len(season.live)) == (20, 10)
    assert not set(season.archive) & set(season.live)
    assert [season.day(number) for number in (0, 20, 29, 30)] == [
        season.archive[0], season.live[0], season.live[9], season.live[0],
    ]  # fmt: skip
