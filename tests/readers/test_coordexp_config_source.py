"""CoordExp's copies of the authored YAML: typed as YAML 1.1, nothing constructed."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st


def test_case(bench, case):
    """Each fixture gives what its description says."""
    bench.check("coordexp_config_source", case)


@settings(max_examples=50)
@given(data=st.data())
def test_damage_never_raises(bench, data):
    """Bytes may be cut out, overwritten or put in anywhere."""
    bench.survives_damage(data, "coordexp_config_source")


def test_exponent_without_a_dot_stays_text(read_one):
    """PyYAML reads `5e-4` as a string; so did the producer."""
    found = read_one("config_source.yaml", "lr: 5e-4\nwd: 5.0e-4\n")
    assert found.reading.configs[0].values == {"lr": "5e-4", "wd": 5.0e-4}


def test_a_config_with_parents_is_not_whole(read_one):
    """Parents named by `extends` or `inherit` were not copied; the YAML alone rebuilds nothing."""
    found = read_one("config_source.yaml", "inherit: [a.yaml, b.yaml]\nlr: 1.0\n")
    assert found.reading.configs[0].partial
    assert found.codes == ["parent-config-not-kept"]
    assert str(found.reading.problems[0].at) == "config_source.yaml#/inherit"


def test_a_config_without_parents_is_whole(read_one):
    """An empty `extends` names no parent."""
    found = read_one("base_config_source.yaml", "extends:\nlr: 1.0\n")
    assert not found.reading.configs[0].partial
    assert found.codes == []


def test_alias_bomb_is_a_problem(read_one):
    """A document that would unfold into billions of values is cut off."""
    rows = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)]
    found = read_one("config_source.yaml", "\n".join(["a0: &a0 [x]", *rows]))
    assert found.match == "damaged"
    assert found.reading.accounting.corrupt == 1
