"""Files of weights are read without running what they say."""

import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from searchspace import SearchspaceError
from searchspace.importing.files import read_weights

TENSORS = {"a.weight": torch.arange(3.0), "b.bias": torch.ones(2)}


@pytest.mark.parametrize("held", [
    TENSORS, {"state_dict": TENSORS, "epoch": 3}, {"model": TENSORS},
    {"state_dict": {f"module.{key}": value for key, value in TENSORS.items()}},
    {f"_orig_mod.{key}": value for key, value in TENSORS.items()},
])
def test_checkpoints_are_opened(held: dict[str, object], tmp_path: Path) -> None:
    torch.save(held, tmp_path / "w.pth")
    read = read_weights(tmp_path / "w.pth")
    assert read.keys() == TENSORS.keys()
    assert all(torch.equal(read[key], TENSORS[key]) for key in read)


def test_safetensors_are_read(tmp_path: Path) -> None:
    save_file(TENSORS, tmp_path / "w.safetensors")
    assert read_weights(tmp_path / "w.safetensors").keys() == TENSORS.keys()


class Hostile:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return open, (str(Path(__file__).parent / "was_run"),)


def test_code_in_a_pickle_is_not_run(tmp_path: Path) -> None:
    torch.save({"state_dict": TENSORS, "x": Hostile()}, tmp_path / "w.pth")
    with pytest.raises(SearchspaceError, match="would run code when read"):
        read_weights(tmp_path / "w.pth")


@pytest.mark.parametrize(("name", "content", "message"), [
    ("w.pth", b"not a pickle at all", "w.pth: "), ("w.pth", b"", "w.pth: "),
    ("w.pth", pickle.dumps([1, 2]), "no tensors by name|would run"),
    ("w.safetensors", b"\xff" * 40, "w.safetensors: "), ("w.safetensors", b"", "w.safetensors: "),
])
def test_what_is_no_file_of_weights_is_one_sentence(name: str, content: bytes, message: str,
                                                    tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SearchspaceError, match=message):
        read_weights(tmp_path / name)
