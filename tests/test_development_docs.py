"""Whether docs/development.md leads a newcomer to files and functions that exist."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
INTEGRATION = ROOT / "custom_components" / "aiep_miner"
PAGE = (ROOT / "docs" / "development.md").read_text("utf-8")

REFERENCE = re.compile(r"`([\w/]+\.py)`:\s+`([\w.]+)`")
QUESTION = re.compile(r"^\| ([^|]+\?) \| `([\w/]+\.py)`: `([\w.]+)` \|$", re.MULTILINE)
TREE = re.compile(r"^```text\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def tree() -> Iterator[tuple[Path, str]]:
    """Yield each room of the tree, and its one line on what it is for."""
    folders: list[Path] = []
    found = TREE.search(PAGE)
    assert found is not None
    for line in found[1].splitlines():
        names, _, purpose = line.strip().partition("  ")
        depth = (len(line) - len(line.lstrip())) // 2
        parent = folders[depth - 1] if depth else ROOT
        for name in names.split():
            yield parent / name, purpose.strip()
        folders[depth:] = [parent / names]


@cache
def definitions(path: Path) -> frozenset[str]:
    """Return the dotted names of all functions and classes that a file defines."""

    def walk(body: list[ast.stmt], prefix: str) -> Iterator[str]:
        for node in body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                yield prefix + node.name
                yield from walk(node.body, f"{prefix}{node.name}.")

    return frozenset(walk(ast.parse(path.read_text("utf-8")).body, ""))


def rooms(folder: Path) -> set[Path]:
    """Return the Python files and the folders right below a folder."""
    return {
        path
        for path in folder.iterdir()
        if path.suffix == ".py" or (path.is_dir() and path.name != "__pycache__")
    }


@pytest.mark.parametrize(("file", "function"), sorted(set(REFERENCE.findall(PAGE))))
def test_each_function_that_is_named_exists(file: str, function: str) -> None:
    assert function in definitions(INTEGRATION / file)


def test_the_questions_of_a_newcomer_have_answers() -> None:
    questions = QUESTION.findall(PAGE)
    assert len(questions) >= 12
    assert len({question for question, _, _ in questions}) == len(questions)
    rows = PAGE.partition("| where is … |")[2].splitlines()[2:]
    assert len(questions) == len([row for row in rows if row.startswith("|")])


def test_each_room_of_the_tree_exists_and_says_what_it_is_for() -> None:
    listed = list(tree())
    assert len(listed) > 50
    assert [path for path, _ in listed if not path.exists()] == []
    purposes = [path for path, purpose in listed if not purpose]
    assert {path.name for path in purposes} == {"aiep_miner", "engine"}


def test_each_room_is_in_the_tree() -> None:
    listed = {path for path, _ in tree()}
    existing = rooms(INTEGRATION) | rooms(INTEGRATION / "engine")
    existing |= {path for path in rooms(ROOT / "devtools") if path.is_dir()}
    existing -= {INTEGRATION / "engine" / "__init__.py"}
    assert existing - listed == set()


@pytest.mark.parametrize(
    ("file", "function"),
    [("engine/steps/execute.py", "Executor.refuse"), ("engine/cycle.py", "confirm")],
)
def test_a_wrong_answer_is_found(file: str, function: str) -> None:
    assert function not in definitions(INTEGRATION / file)
