"""A network that was scored is not scored again: under another spelling, in another space or study."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from search.archive import Archive
from search.objectives import Candidate
from search.objectives.score import Scorer
from search.scores.base import ScoringSubject
from search.scores.registry import SCORES
from search.study import open_study
from search.study.settings import Settings
from searchspace import Genotype, fill, load, to_yaml
from searchspace.space.budget import Budget
from searchspace.space.known_networks import known_networks

Write = Callable[..., Path]

SPELLINGS = {
    "steps": """
        name: steps
        input: [3, 32, 32]
        net:
          - conv: {out: 8, stride: 2, act: relu, as: a}
          - dw: {k: 3, act: relu, as: left}
          - conv: {from: a, out: 8, k: 1, act: relu, as: right}
          - add: {from: [left, right]}
          - gap:
          - linear: {out: 10}
    """,
    "blocks": """
        name: blocks
        args: {w: 8}
        input: [3, 32, 32]
        blocks:
          both:
            body:
              - add: {of: [{conv: {out: =cin, k: 1, act: relu}},
                           {conv: {out: =cin, groups: =cin, act: relu}}]}
        net:
          - conv: {out: =w, k: 3, stride: 2, pad: 1, act: relu}
          - both:
          - conv: {out: 5, k: 3, as: unused}
          - gap: {from: add}
          - linear: {out: 10}
    """.replace("- both:", "- both: {as: add}"),
    "space": """
        name: space
        input: [3, 32, 32]
        default:
        variants:
          same: {fill: {body: add, body.add.r: right, out: 8}}
        args: {out: !int [4, 8, 4]}
        net:
          - conv: {out: =out, stride: 2, act: relu, as: stem}
          - identity: {from: stem, as: other}
          - !choice
            as: body
            plain: {act: }
            add: {pair: {r: !choice [left, right]}}
          - gap:
          - linear: {out: 10}
        blocks:
          pair:
            args: {r: }
            body:
              - dw: {k: 3, act: relu, as: left}
              - conv: {from: x, out: =cin, k: 1, act: relu, as: right}
              - add: {from: [=r, left], when: =r != 'left', as: sum}
    """,
}


@pytest.fixture
def scored(monkeypatch: pytest.MonkeyPatch) -> list[Genotype]:
    """The networks that are really scored from here on, by a stand-in."""
    networks: list[Genotype] = []

    def score(subject: ScoringSubject) -> float:
        networks.append(subject.genotype)
        return float(len(networks))

    for name in ("naswot", "zico"):
        monkeypatch.setitem(SCORES._entries, name, replace(SCORES[name], rule=score))
    return networks


def test_three_spellings_and_a_space_are_one_evaluation(genotype_file: Write, tmp_path: Path,
                                                        scored: list[Genotype]) -> None:
    with Archive(f"sqlite:///{tmp_path / 'study.db'}") as archive:
        here, there = (Scorer(archive, study, batch=4, data_seed=0) for study in ("one", "two"))
        first = here.evaluation(Candidate(load(genotype_file(SPELLINGS["steps"])), None, 32, 5))
        space = load(genotype_file(SPELLINGS["space"]))
        (same,) = known_networks(space)
        filled = tmp_path / "filled.yaml"
        filled.write_text(to_yaml(fill(space, same.decisions)), encoding="utf-8")
        others = [there.evaluation(Candidate(network, decisions, 32, 5)) for network, decisions in (
            (load(genotype_file(SPELLINGS["blocks"])), None), (space, same.decisions),
            (load(space.file, "same"), None), (load(filled), None))]
        assert others == [first] * 4 and len(scored) == 1
        assert first.study == "one"
        assert len(archive.evaluations()) == 1


@pytest.mark.parametrize("other", ["seed", "data", "images", "score"])
def test_another_seed_data_or_score_is_another_evaluation(other: str, genotype_file: Write,
                                                          tmp_path: Path,
                                                          scored: list[Genotype]) -> None:
    network = load(genotype_file(SPELLINGS["steps"]))
    with Archive(f"sqlite:///{tmp_path / 'study.db'}") as archive:
        scorer = Scorer(archive, "one", batch=4, data_seed=0)
        first = scorer.evaluation(Candidate(network, None, 32, 5))
        changed = replace(scorer, **{"data": {"data_seed": 1}, "images": {"batch": 8},
                                     "score": {"score": "zico"}}.get(other, {}))
        candidate = Candidate(network, None, 32, 6 if other == "seed" else 5)
        second = changed.evaluation(candidate)
        assert len(scored) == 2 and second != first
        assert second.identity == first.identity
        assert changed.evaluation(candidate) == second and len(scored) == 2


def test_another_study_of_a_database_scores_nothing_again(tmp_path: Path,
                                                          scored: list[Genotype]) -> None:
    """The start of one search is the same networks in the other: the same space, other trials."""
    def run(name: str, sampler: str) -> list[str]:
        given = Settings("he", Budget(20_000_000), 31, 0, sampler, 5, 4, 10)
        with open_study(given, tmp_path, name) as study:
            study.run(lambda _: None)
            return [t.identity for t in study.trials()]

    one, two = run("one", "random"), run("two", "tpe")
    shared = set(one) & set(two)
    assert len(shared) >= 4
    assert len(scored) == len(set(one) | set(two)) == 10 - len(shared)
