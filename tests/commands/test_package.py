"""The package as a newcomer gets it: names, commands, a wheel in an environment of its own."""

import importlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
import venv
from importlib import metadata
from pathlib import Path

import pytest
import yaml

import search
import searchspace
import viz
from searchspace import load, published, scripts, spaces
from searchspace.cli import Parser

ROOT = Path(__file__).parents[2]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


def python(*arguments: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=cwd, env=os.environ | environment,
                          capture_output=True, text=True, encoding="utf-8", check=False, timeout=300)


@pytest.mark.parametrize("package", [searchspace, search, viz])
def test_exported_names_are_listed_before_they_are_used(package: object) -> None:
    assert set(package.__all__) <= set(dir(package))            # type: ignore[attr-defined]


def test_the_version_is_that_of_the_package() -> None:
    assert searchspace.__version__ == metadata.version("searchspace")
    assert yaml.safe_load((ROOT / "CITATION.cff").read_text())["version"] == \
        PYPROJECT["project"]["version"]


def test_each_installed_command_runs_a_main_of_its_own() -> None:
    assert PYPROJECT["project"]["scripts"] == dict.fromkeys(scripts.SCRIPTS, "searchspace.scripts:main")
    modules = [module for module, _ in scripts.SCRIPTS.values()]
    assert len(set(modules)) == len(modules)
    for module, written in scripts.SCRIPTS.values():
        assert callable(importlib.import_module(module).main)
        assert written.split()[-1].replace("/", ".").removesuffix(".py") == module.removesuffix(".__main__")


def test_help_speaks_of_commands_as_the_user_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    text = "What.\n\nexamples:\n  python search/run.py --budget 1M\n  python -m search.archive best\n"
    assert Parser("search/run.py", text).epilog == text.partition("\n\n")[2]
    monkeypatch.setattr(sys, "argv", ["/somewhere/bin/searchspace-search", "--help"])
    parser = Parser("search/run.py", text)
    assert parser.prog == "searchspace-search"
    assert parser.epilog == "examples:\n  searchspace-search --budget 1M\n  searchspace-archive best\n"


@pytest.mark.parametrize("name", scripts.SCRIPTS)
def test_the_examples_of_a_command_name_what_exists(name: str) -> None:
    module = importlib.import_module(scripts.SCRIPTS[name][0])
    text = f"{module.__doc__}\n{getattr(module, 'EXAMPLES', '')}"
    families = {known.partition("@")[0] for known in published()}
    named = {word for word in re.findall(r"(?<![\w/])[a-z0-9]+[a-z0-9-]*@[\w.-]+", text)
             if word.partition("@")[0] in families}
    assert all(load(word) for word in named)
    for space in re.findall(r"--space ([a-z0-9-]+)(?=\s)", text):
        assert space in spaces() or space == "published"


def test_a_script_uses_the_checkout_that_it_lies_in(tmp_path: Path) -> None:
    for package in ("search", "searchspace", "viz"):
        shutil.copytree(ROOT / package, tmp_path / package,
                        ignore=shutil.ignore_patterns("__pycache__", "genotypes", "web"))
    errors = tmp_path / "search" / "environment.py"
    errors.write_text(errors.read_text().replace('Path("studies")', 'Path("of-this-checkout")'))
    done = python(str(tmp_path / "search" / "status.py"), "none", cwd=tmp_path, PYTHONPATH=str(ROOT))
    assert "no study in of-this-checkout" in done.stderr


def test_another_package_of_the_same_name_is_named(tmp_path: Path) -> None:
    (tmp_path / "search").mkdir()
    (tmp_path / "search" / "__init__.py").write_text("")
    run = "import sys; from searchspace.scripts import main; sys.argv[0] = 'searchspace-search'; sys.exit(main())"
    done = python("-c", run, cwd=tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{ROOT}")
    assert done.returncode == 2 and done.stderr.count("\n") == 1
    assert str(tmp_path / "search") in done.stderr and "'search'" in done.stderr


def test_a_package_that_was_overwritten_is_named(tmp_path: Path) -> None:
    """As pip leaves it, where two distributions install a package of one name."""
    shutil.copytree(ROOT / "searchspace", tmp_path / "searchspace",
                    ignore=shutil.ignore_patterns("__pycache__", "genotypes"))
    (tmp_path / "viz").mkdir()
    (tmp_path / "viz" / "__init__.py").write_text("")
    about = tmp_path / "viz_tools-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: viz-tools\nVersion: 1.0\n")
    (about / "top_level.txt").write_text("viz\n")
    run = "from searchspace.scripts import foreign; print(foreign('viz'))"
    done = python("-c", run, cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert "'viz' of searchspace was overwritten by that of viz-tools" in done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the commands of an environment that has the wheel alone; what it depends on is
    read from the environment of the tests."""
    folder = tmp_path_factory.mktemp("package")
    source = folder / "source"
    shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns(
        ".git", ".venv", "__pycache__", "tests", "studies", ".*_cache", "build", "*.egg-info"))
    built = python("-m", "build", "--no-isolation", "--outdir", str(folder), str(source), cwd=folder)
    assert built.returncode == 0, built.stderr
    wheel, = folder.glob("*.whl")
    assert list(folder.glob("*.tar.gz"))
    venv.create(folder / "env", with_pip=False)
    commands = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    home, = (folder / "env").glob("lib/python*/site-packages")
    pip = python("-m", "pip", "--python", str(commands / "python"), "install", "-q", "--no-deps",
                 "--no-index", "--ignore-installed", str(wheel), cwd=folder)
    assert pip.returncode == 0, pip.stderr
    others = Path(yaml.__file__).parents[1]
    (home / "others.pth").write_text(f"{others}\n")     # its own .pth files are not read
    return commands


@pytest.mark.slow
def test_the_wheel_works_from_any_folder(installed: Path, tmp_path: Path) -> None:
    def run(name: str, *arguments: str) -> str:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | ONE_THREAD
        done = subprocess.run([installed / name, *arguments], cwd=tmp_path, env=environment,
                              capture_output=True, text=True, encoding="utf-8", check=False)
        assert done.returncode == 0, f"{name}: {done.stderr}"
        return done.stdout

    for name in scripts.SCRIPTS:
        assert name in run(name, "--help")
    assert "3,504,872" in run("searchspace", "mobilenet-v2")
    said = run("searchspace-search", "--space", "digits", "--budget", "100K", "--objective", "table",
               "--trials", "3", "--study", "mine")
    assert str(Path("studies/mine/best.yaml")) in said
    assert (tmp_path / "studies" / "mine" / "report.html").is_file()
    assert "mine" in run("searchspace-status", "mine", "--once")
    assert "report.html" in run("searchspace-report", "mine")
    run("searchspace-render", "sinet@1.0", "-o", "sinet.svg")
    run("searchspace-gallery", "sinet@1.0", "-o", "gallery.html")
    run("searchspace-train", "studies/mine/best.yaml", "--data", "digits", "--epochs", "1")
    assert Path(run("python", "-c", "import searchspace; print(searchspace.__file__)")).is_relative_to(installed.parent)
