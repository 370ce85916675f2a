from bench.table import machine, render


def test_names_stand_to_the_left_and_figures_to_the_right() -> None:
    assert render(("", "per second"), [["a long name", "1"], ["b", "1000000"]]).splitlines() == [
        "             per second",
        "a long name           1",
        "b               1000000",
    ]


def test_the_machine_is_named_with_its_cores() -> None:
    assert " cores, " in machine()
