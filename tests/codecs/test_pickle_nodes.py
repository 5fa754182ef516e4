"""What pickles consist of."""

from __future__ import annotations

from archiver.codecs.pickle_nodes import Mapping


def test_asking_a_mapping_costs_no_walk():
    """One mapping may be the state of a hundred thousand callbacks, each asked for its keys."""

    class Pairs(list):
        walks = 0

        def __iter__(self):
            Pairs.walks += 1
            return super().__iter__()

    mapping = Mapping(Pairs([("a", 1), (2, 3), ("a", 4)]))
    assert [mapping.get(key) for key in ("a", "b", "c", "a")] == [4, None, None, 4]
    assert Pairs.walks == 1
    mapping.pairs.append(("b", 5))
    assert mapping.get("b") == 5
