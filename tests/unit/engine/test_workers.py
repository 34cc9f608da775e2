"""Where draws are made does not change them: processes, a Dask cluster, workers that die, runs that go on later."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import trustsem as ts
from trustsem.errors import SchedulerError, UsageError
from trustsem.resample.workers import DaskCluster, LocalProcesses, ThisProcess, make_workers

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
MODEL = "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\ntextual ~ visual"


@cache
def fitted(estimator: str = "ML") -> ts.Fit:
    return ts.fit(MODEL, pd.read_csv(GOLDEN / "data" / "hs.csv"), estimator=estimator)


def same_draws(one: object, other: object) -> bool:
    ours, theirs = one.raw, other.raw  # type: ignore[attr-defined]
    return np.array_equal(ours.theta, theirs.theta, equal_nan=True) and np.array_equal(
        ours.statistic, theirs.statistic, equal_nan=True
    )


@pytest.mark.parametrize("estimator", ["ML", "GLS"])  # all at once, and one by one
def test_any_number_of_processes_gives_the_same_bits(estimator: str) -> None:
    fit, n = fitted(estimator), 600 if estimator == "ML" else 60
    alone = fit.bootstrap(n, seed=5, policy="redraw")
    assert same_draws(alone, fit.bootstrap(n, seed=5, policy="redraw", workers=2))
    with ts.parallel(workers=4):
        assert same_draws(alone, fit.bootstrap(n, seed=5, policy="redraw"))


def _die_once(chunk: tuple[Path, int]) -> int:
    mark, number = chunk
    if number == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def _die(_: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def test_a_process_that_dies_is_replaced(tmp_path: Path) -> None:
    chunks = [(tmp_path / "died", number) for number in range(8)]
    assert sorted(LocalProcesses(2).run(_die_once, chunks)) == list(range(8))
    assert (tmp_path / "died").exists()


@pytest.mark.slow
def test_processes_that_die_again_and_again_are_an_error() -> None:
    with pytest.raises(SchedulerError, match="fewer workers") as caught:
        list(LocalProcesses(2).run(_die, [1, 2, 3]))
    assert caught.value.exit_code == 19


@pytest.mark.slow
def test_a_cluster_gives_the_same_bits_even_where_a_worker_is_killed() -> None:
    distributed = pytest.importorskip("distributed", reason="the extra trustsem[dask] is not installed")
    alone = fitted("WLS").bootstrap(400, seed=5)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        ts.parallel(cluster.scheduler_address),
    ):
        done: list[int] = []
        victim = next(iter(cluster.workers.values()))

        def kill(count: int, _: int) -> None:
            done.append(count)
            if len(done) == 3:
                os.kill(victim.pid, signal.SIGKILL)

        assert same_draws(alone, fitted("WLS").bootstrap(400, seed=5, progress=kill))
        assert len(done) > 3


def test_a_scheduler_that_does_not_answer() -> None:
    pytest.importorskip("distributed", reason="the extra trustsem[dask] is not installed")
    for address in ("tcp://127.0.0.1:9", "nonsense://x", "127.0.0.1"):
        with pytest.raises(SchedulerError) as caught:
            list(DaskCluster(address, patience=1).run(_die, [1]))
        assert address in str(caught.value)
        assert caught.value.exit_code == 19


def test_what_means_nothing_is_refused() -> None:
    for options in ({"workers": 0}, {"workers": -2}, {"workers": 1.5}, {"workers": True}, {"scheduler": 3}):
        with pytest.raises(UsageError):
            make_workers(**options)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="one of them"):
        make_workers(2, "tcp://host:1")
    with pytest.raises(UsageError, match="address"), ts.parallel():
        pass
    assert isinstance(make_workers(), ThisProcess)
    assert isinstance(make_workers(-1), LocalProcesses if (os.cpu_count() or 1) > 1 else ThisProcess)


def interrupt_after(count: int) -> Callable[[int, int], None]:
    def progress(done: int, _: int) -> None:
        if done >= count:
            raise KeyboardInterrupt

    return progress


def test_ctrl_c_keeps_what_is_done_and_resume_goes_on(tmp_path: Path) -> None:
    fit, file = fitted(), tmp_path / "draws.npz"
    whole = fit.bootstrap(1000, seed=9)
    part = fit.bootstrap(1000, seed=9, resume=file, progress=interrupt_after(500))
    assert part.raw.interrupted
    assert 500 <= len(part.ledger) < 1000
    assert "512 of 1,000 draws were done" in part.findings[0].message
    assert np.array_equal(part.raw.theta, whole.raw.theta[: len(part.ledger)])

    computed: list[int] = []
    rest = fit.bootstrap(1000, resume=file, progress=lambda done, _: computed.append(done))  # the seed is in the file
    assert same_draws(rest, whole)
    assert not rest.raw.interrupted
    assert [path.name for path in tmp_path.iterdir()] == ["draws.npz"]
    again = fit.bootstrap(1000, seed=9, resume=file)
    assert same_draws(again, whole)


def test_ctrl_c_before_any_draw_is_passed_on() -> None:
    def at_once(_: object) -> list[object]:
        raise KeyboardInterrupt

    fit = fitted()
    import trustsem.resample.samplers as samplers

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(samplers.Resampling, "moments", lambda *_: at_once(_))
        with pytest.raises(KeyboardInterrupt):
            fit.bootstrap(10, seed=1)


@pytest.mark.slow
def test_a_real_ctrl_c_in_the_middle_of_processes() -> None:
    fit = fitted("WLS")
    started = time.monotonic()
    timers: list[threading.Timer] = []

    def soon_after_the_first(_done: int, _wanted: int) -> None:
        if not timers:
            timers.append(threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)))
            timers[0].start()

    part = fit.bootstrap(100_000, seed=1, workers=2, progress=soon_after_the_first)
    assert time.monotonic() - started < 60
    assert part.raw.interrupted
    assert 0 < len(part.ledger) < 100_000
    assert same_draws(fit.bootstrap(32, seed=1, policy="keep"), fit.bootstrap(32, seed=1, policy="keep", workers=2))


def test_files_that_hold_other_draws_are_refused(tmp_path: Path) -> None:
    file = tmp_path / "draws.npz"
    fitted().bootstrap(20, seed=1, resume=file)
    before = file.read_bytes()
    for fit, options, said in (
        (fitted("GLS"), {"seed": 1}, "another fit"),
        (fitted(), {"seed": 2}, "another fit"),
        (fitted(), {"seed": 1, "kind": "parametric"}, "another fit"),
    ):
        with pytest.raises(UsageError, match=said):
            fit.bootstrap(20, resume=file, **options)
    assert file.read_bytes() == before
    (tmp_path / "notes.txt").write_text("notes")
    with pytest.raises(UsageError, match="no file of draws"):
        fitted().bootstrap(20, seed=1, resume=tmp_path / "notes.txt")
    with pytest.raises(UsageError, match="folder does not exist"):
        fitted().bootstrap(20, seed=1, resume=tmp_path / "nowhere" / "draws.npz")


def _mean_of_normal(random: np.random.Generator) -> float:
    return float(random.standard_normal(50).mean())


def test_replications_are_seeded_one_by_one() -> None:
    from trustsem.simulate import replicate

    seen: list[tuple[int, int]] = []
    alone = replicate(_mean_of_normal, 30, seed=3, progress=lambda done, wanted: seen.append((done, wanted)))
    assert replicate(_mean_of_normal, 30, seed=3, workers=2) == alone
    assert replicate(_mean_of_normal, 10, seed=3) == alone[:10]
    assert len(set(alone)) == 30
    assert seen[-1] == (30, 30)
    # thirty means of fifty: standard error .026
    assert abs(np.mean(alone)) < 0.1
    for options in ({"n": 0, "seed": 1}, {"n": 5, "seed": -1}):
        with pytest.raises(UsageError):
            replicate(_mean_of_normal, **options)  # type: ignore[arg-type]


def test_partitions_are_summed_on_workers(tmp_path: Path) -> None:
    data = pd.read_csv(GOLDEN / "data" / "hs.csv")
    for k, part in enumerate(np.array_split(np.arange(301), 5)):
        data.iloc[part].to_parquet(tmp_path / f"part{k}.parquet")
    alone = ts.read_moments(tmp_path, model=MODEL)
    on_two = ts.read_moments(tmp_path, model=MODEL, workers=2)
    assert np.array_equal(alone.covariance(), on_two.covariance())
    with ts.parallel(workers=2):
        assert np.array_equal(alone.covariance(), ts.read_moments(tmp_path, model=MODEL).covariance())
    with pytest.raises(UsageError, match="one of them"):
        ts.read_moments(tmp_path, model=MODEL, workers=2, executor=LocalProcesses(2))
