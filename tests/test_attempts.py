"""Attempts as several artifacts tell them."""

from dataclasses import replace

from archiver import attempts
from archiver.model.claims import AttemptMark, AttemptTrail, Location
from archiver.model.times import Clock, Instant


def mark(start=None, end=None, resume=None, first=None, clock=Clock.ZONED):
    def at(seconds):
        return None if seconds is None else Instant(seconds * 1_000_000, clock)

    return AttemptMark(Location("f"), at(start), at(end), None, resume, first)


def trail(name, *marks):
    return AttemptTrail(name, marks)


def test_equal_trails_are_laid_over_each_other():
    """Two artifacts with two attempts each speak of the same two."""
    joined = attempts.join(
        [
            trail("log", mark(first=1), mark(first=25)),
            trail("beat", mark(10, resume=0), mark(99, resume=20)),
        ]
    )
    assert [attempt.first_step for attempt in joined.all] == [1, 21]
    assert joined.number("log", 1) == 2


def test_the_recorded_resume_step_beats_the_smallest_point():
    """Rows are logged every few steps; the resume step is exact."""
    joined = attempts.join([trail("log", mark(first=1), mark(first=25, resume=20))])
    assert joined.all[1].first_step == 21


def test_a_shorter_trail_is_placed_by_time():
    """An artifact that was only written by the first start belongs to the first start."""
    joined = attempts.join(
        [trail("beat", mark(1000), mark(2000), mark(3000)), trail("tb", mark(1030), mark(2500))]
    )
    assert joined.numbering["tb"] == (1, 2)


def test_a_shorter_trail_without_times_belongs_to_the_last_attempts():
    """What is overwritten by every start tells of the last one."""
    joined = attempts.join([trail("beat", mark(1000), mark(2000)), trail("meta", mark())])
    assert joined.number("meta", 0) == 2


def test_later_attempts_supersede_from_their_first_step_on():
    """Also where a third attempt goes back further than the second."""
    joined = attempts.join([trail("log", mark(first=1), mark(first=31), mark(first=11))])
    assert joined.superseded_from() == (11, 11, None)


def test_an_attempt_without_any_step_supersedes_nothing():
    """A start that crashed before its first step did no work again."""
    joined = attempts.join([trail("tb", mark(10, first=1), mark(500))])
    assert joined.superseded_from() == (None, None)


def test_absolute_times_are_preferred_to_local_ones():
    """A log's local clock is used only where nothing better is there."""
    joined = attempts.join(
        [trail("log", mark(5, 6, clock=Clock.NAIVE)), trail("beat", mark(1000, 2000))]
    )
    assert joined.all[0].started == Instant(1_000_000_000, Clock.ZONED)
    assert joined.all[0].ended == Instant(2_000_000_000, Clock.ZONED)


def test_a_job_s_artifact_is_placed_by_the_job_s_id():
    """The output of the first of three jobs is the first attempt's, whatever its clock says."""
    jobs = [replace(mark(clock=Clock.NAIVE), id=name) for name in ("7", "8", "9")]
    out = replace(mark(5000), id="7")
    joined = attempts.join([trail("jobs", *jobs), trail("slurm-7.out", out)])
    assert joined.numbering["slurm-7.out"] == (1,)


def test_attempts_are_told_on_the_clock_that_knows_most_of_them():
    """One step that an event file knows does not leave the line of a pipeline's console."""
    console = [mark(10, 20, clock=Clock.NAIVE), mark(30, 40, clock=Clock.NAIVE)]
    first = attempts.join([trail("console", console[0])])
    second = attempts.join([trail("console", console[1]), trail("tb", mark(3600, 3605))])
    assert attempts.common_clock([first, second]) is False
    start, end = second.all[0].span(absolute=False)
    assert start is not None
    assert end is not None
    assert (start.micros, end.micros) == (30_000_000, 40_000_000)
    assert attempts.common_clock([attempts.join([trail("tb", mark(1, 2))])]) is True


def test_an_attempt_is_told_on_the_clock_that_knows_both_of_its_ends():
    """A start in a file's name does not cost the end that the scheduler's log knows."""
    joined = attempts.join([trail("log", mark(1000)), trail("jobs", mark(5, 9, clock=Clock.NAIVE))])
    start, end = joined.all[0].span(absolute=True)
    assert (start, end) == (Instant(5_000_000, Clock.NAIVE), Instant(9_000_000, Clock.NAIVE))
    start, end = attempts.join([trail("log", mark(1000))]).all[0].span(absolute=False)
    assert (start, end) == (Instant(1_000_000_000, Clock.ZONED), None)
