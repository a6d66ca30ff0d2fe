"""Files of weights are read whole, safely, and matched by name and shape; every other file is refused with a reason."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from explorer.edits import SetClasses, SwapActivation, ToggleShortcut
from explorer.network import Network, open_network
from explorer.opening.formats import recognise_format
from explorer.weights import checkpoint_matching
from explorer.weights.checkpoint import MAX_MESSAGE_LENGTH, CheckpointError, read_checkpoint


def small(classes: int = 10) -> nn.Module:
    """A network of four layers with weights."""
    torch.manual_seed(classes)
    return nn.Sequential(
        nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(8, classes),
    ).eval()  # fmt: skip


@pytest.fixture
def network() -> Network:
    with torch.device("meta"):  # no weights of its own: they are seeded
        return open_network(small(), input_shape=(1, 3, 16, 16))


IMAGE = torch.randn(1, 3, 16, 16, generator=torch.Generator().manual_seed(1))


def output(network: Network) -> torch.Tensor:
    return network.context.forward.run(network.architecture, network.context.weights, IMAGE, "image").main_output


def as_pth(state: Any, path: Path) -> Path:
    torch.save(state, path)
    return path


def as_old_pth(state: Any, path: Path) -> Path:
    torch.save(state, path, _use_new_zipfile_serialization=False)
    return path


def as_safetensors(state: Any, path: Path) -> Path:
    save_file(state, path)
    return path


@pytest.mark.parametrize("write", [as_pth, as_old_pth, as_safetensors])
def test_the_output_is_that_of_the_module_that_was_saved(
    write: Callable[[Any, Path], Path], network: Network, tmp_path: Path
) -> None:
    module = small()
    loaded = network.load_weights(write(module.state_dict(), tmp_path / "weights"))  # no suffix: the content counts
    assert loaded.context.checkpoint is not None
    assert loaded.context.checkpoint.report.summary == "all 11 tensors fit"
    with torch.inference_mode():
        assert torch.equal(output(loaded), module(IMAGE))
    assert not torch.equal(output(network), output(loaded))  # the network before is as it was
    assert torch.equal(output(loaded.with_weights(None)), output(network))


@pytest.mark.parametrize("prefix", ["module.", "model.", "module.model.", "_orig_mod."])
def test_prefixes_are_taken_off(prefix: str, network: Network, tmp_path: Path) -> None:
    state = {prefix + name: tensor for name, tensor in small().state_dict().items()}
    found = network.read_weights(as_pth(state, tmp_path / "a.pth"))
    assert found.report.prefix == prefix
    assert found.report.is_complete
    assert not found.report.unexpected


def test_of_two_prefixes_that_fit_as_well_the_shortest_counts(network: Network, tmp_path: Path) -> None:
    state = small().state_dict()
    found = network.read_weights(as_pth({"module.0.bias": state["0.bias"], "3.bias": state["3.bias"]}, tmp_path / "a"))
    assert (found.report.prefix, found.report.matched) == ("", ("3.bias",))
    assert found.report.unexpected == ("module.0.bias",)


@pytest.mark.parametrize("wrap", [("state_dict",), ("model",), ("checkpoint", "model_state_dict")])
def test_wrappers_are_opened(wrap: tuple[str, ...], network: Network, tmp_path: Path) -> None:
    state: Any = small().state_dict()
    for name in reversed(wrap):
        state = {"epoch": 90, name: state, "optimizer": {"state": {}, "param_groups": [{"lr": 0.1}]}}
    assert network.read_weights(as_pth(state, tmp_path / "a.pth")).report.is_complete


def test_what_training_scripts_keep_beside_the_weights_is_left(network: Network, tmp_path: Path) -> None:
    """As PyTorch's ImageNet example saves it: the best accuracy is a tensor, and so is what the optimiser keeps."""
    module = small()
    optimiser = torch.optim.Adam(module.parameters())
    for parameter in module.parameters():
        parameter.grad = torch.zeros_like(parameter)
    optimiser.step()
    saved = {"epoch": 3, "best_acc1": torch.tensor(7.0), "optimizer": optimiser.state_dict()}
    for name in ("state_dict", "generator"):
        assert network.read_weights(as_pth(saved | {name: module.state_dict()}, tmp_path / name)).report.is_complete


def test_a_table_that_holds_itself_is_read_once(network: Network, tmp_path: Path) -> None:
    state: dict[Any, Any] = dict(small().state_dict())
    state.update(dict.fromkeys(range(1000), state))
    assert network.read_weights(as_pth(state, tmp_path / "loop")).report.is_complete


def test_half_precision_is_read(network: Network, tmp_path: Path) -> None:
    module = small()
    state = {
        name: tensor.half() if tensor.is_floating_point() else tensor for name, tensor in module.state_dict().items()
    }
    loaded = network.load_weights(as_pth(state, tmp_path / "half.pth"))
    with torch.inference_mode():
        assert torch.allclose(output(loaded), module(IMAGE), atol=1e-2)


def test_what_does_not_fit_is_reported_and_stays_random(network: Network, tmp_path: Path) -> None:
    state = small().state_dict()
    del state["3.bias"], state["1.num_batches_tracked"]  # the second one is nobody's loss
    state["6.weight"] = torch.zeros(20, 8)
    state["teacher.weight"] = torch.zeros(2)
    loaded = network.load_weights(as_pth(state, tmp_path / "a.pth"))
    assert loaded.context.checkpoint is not None
    report = loaded.context.checkpoint.report
    assert report.missing == ("3.bias",)
    assert report.mismatched_shapes == (("6.weight", (20, 8), (10, 8)),)
    assert report.unexpected == ("teacher.weight",)
    assert report.summary == "8 of 10 tensors fit; 1 missing, 1 of another shape, 1 not used"
    source, nodes = loaded.context.weights, loaded.architecture.nodes
    assert [source.provenance(nodes[name]) for name in "0136"] == ["kept", "kept", "extended", "extended"]
    assert source.provenance(nodes["2"]) is None


def test_weights_for_other_classes(network: Network, tmp_path: Path) -> None:
    path = as_pth(small(20).state_dict(), tmp_path / "twenty.pth")
    assert len(network.read_weights(path).report.mismatched_shapes) == 2
    with_twenty = network.edit(SetClasses(20)).load_weights(path)  # the way out
    assert with_twenty.context.checkpoint is not None
    assert with_twenty.context.checkpoint.report.is_complete
    assert with_twenty.context.weights.provenance(with_twenty.architecture.nodes["6"]) == "kept"
    with torch.inference_mode():
        assert torch.equal(output(with_twenty), small(20)(IMAGE))
    assert output(with_twenty.undo()).shape == (1, 10)


def test_weights_of_an_edited_network_come_back(network: Network, tmp_path: Path) -> None:
    edited = network.edit(SwapActivation("2", "prelu"))
    state = edited.module().state_dict()
    state["2.weight"].fill_(0.75)
    loaded = edited.load_weights(as_pth(state, tmp_path / "edited.pth"))
    assert loaded.context.weights.tensors(loaded.architecture.nodes["2"])["weight"].tolist() == [0.75]
    assert loaded.context.weights.provenance(loaded.architecture.nodes["2"]) == "kept"


def test_layers_that_no_edit_changed_are_held_once(
    network: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file of an edited network is held again only for the layers that the edit changed."""
    copied: list[str] = []
    copy = checkpoint_matching._copy_checked
    monkeypatch.setattr(
        checkpoint_matching, "_copy_checked", lambda file, key, *rest: (copied.append(key), copy(file, key, *rest))[1]
    )
    edited = network.edit(SwapActivation("2", "prelu"), SetClasses(20))
    state = edited.module().state_dict()
    source = edited.read_weights(as_pth(state, tmp_path / "edited.pth")).source
    assert sorted(copied) == sorted(state)
    origins = {name: source.provenance(node) for name, node in edited.architecture.live.items() if node.path}
    assert origins == {"0": "kept", "1": "kept", "2": "kept", "3": "kept", "4": None, "5": None, "6": "kept"}


def test_edits_slice_and_extend_what_was_loaded(tmp_path: Path) -> None:
    network = open_network("resnet18", input_shape=(1, 3, 64, 64))
    state = network.module().state_dict()
    state["fc.bias"].fill_(3.0)
    loaded = network.load_weights(as_safetensors(state, tmp_path / "own.safetensors"))
    for classes, origin in ((10, "sliced"), (1200, "extended")):
        edited = loaded.edit(SetClasses(classes), ToggleShortcut("layer4.1", on=False))
        node = edited.architecture.nodes["fc"]
        assert edited.context.weights.provenance(node) == origin
        assert edited.context.weights.tensors(node)["bias"][:10].tolist() == [3.0] * 10


def refused(path: Path, message: str, network: Network | None = None) -> None:
    with pytest.raises(CheckpointError, match=message):
        read_checkpoint(path) if network is None else network.read_weights(path)


@pytest.mark.parametrize(
    "content", [b"hello world, I am no file of weights", b"\x89PNG\r\n\x1a\n" + bytes(64), bytes(64)]
)
def test_what_is_no_checkpoint(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "notes.pth"
    path.write_bytes(content)
    refused(path, r"notes\.pth is no file of weights")


def test_empty_missing_and_folders(tmp_path: Path) -> None:
    (tmp_path / "empty.pth").touch()
    refused(tmp_path / "empty.pth", r"empty\.pth is empty")
    refused(tmp_path / "gone.pth", "Cannot read")
    refused(tmp_path, "Cannot read")


@pytest.mark.parametrize("write", [as_pth, as_old_pth])
def test_pickled_code_is_never_run(write: Callable[[Any, Path], Path], tmp_path: Path) -> None:
    class Trap:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "sprung",)

    refused(
        write({"a": torch.zeros(1), "trap": Trap()}, tmp_path / "a.pth"), r"holds a Python object \(.*\)|is damaged"
    )
    refused(write({"module": nn.ReLU()}, tmp_path / "b.pth"), r"holds a Python object \(torch.nn.*that is no tensor")
    refused(write(small(), tmp_path / "whole.pth"), r"whole\.pth holds a Python object \(torch\.nn")
    assert not (tmp_path / "sprung").exists()


def test_programs_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a/data.pkl", b"")
        archive.writestr("a/constants.pkl", b"")
    refused(path, "TorchScript program")


def test_another_zip(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("letter.txt", "Dear torch")
    refused(path, "not one that torch.save wrote")


def test_a_zip_bomb_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pth"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb/data.pkl", bytes(50_000_000))
    refused(path, "would unpack to 47.7 MiB")


@pytest.mark.parametrize("write", [as_pth, as_old_pth, as_safetensors])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.99])
def test_a_file_that_was_cut_off(write: Callable[[Any, Path], Path], share: float, tmp_path: Path) -> None:
    path = write(small().state_dict(), tmp_path / "half.pth")
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    refused(path, r"half\.pth (is damaged|was cut off)")


def test_a_flipped_bit_is_noticed(tmp_path: Path) -> None:
    path = as_pth({"a": torch.zeros(1000)}, tmp_path / "a.pth")
    content = bytearray(path.read_bytes())
    content[content.index(bytes(3000)) + 500] ^= 1
    path.write_bytes(content)
    refused(path, "the checksum of .* is wrong")


def test_a_giant_without_numbers(tmp_path: Path) -> None:
    giant = torch.zeros(1).as_strided((100_000, 1_000_000), (0, 0))
    refused(as_pth({"0.weight": giant}, tmp_path / "a.pth"), "holds only 4 B")
    twice = torch.zeros(4).as_strided((2, 4), (0, 1))  # fewer numbers than bytes, but more than there are
    refused(as_pth({"0.weight": twice}, tmp_path / "b.pth"), "holds only 16 B")


def test_a_giant_in_an_old_file(tmp_path: Path) -> None:
    content = as_old_pth({"a": torch.zeros(77)}, tmp_path / "a.pth").read_bytes()
    path = tmp_path / "giant.pth"
    path.write_bytes(content.replace(b"KMNt", b"\x8a\x08" + (2**60).to_bytes(8, "little") + b"Nt"))
    assert path.read_bytes() != content
    refused(path, r"giant\.pth (claims to hold more than fits|is damaged)")


@pytest.mark.parametrize(
    ("header", "message"), [(2**40, "table of contents of 1024 GiB"), (5000, "table of contents alone is longer")]
)
def test_a_hostile_table_of_contents(header: int, message: str, tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    path.write_bytes(struct.pack("<Q", header) + b'{"a":1}')
    refused(path, message)


def test_a_table_of_contents_that_lies(tmp_path: Path) -> None:
    path = tmp_path / "a.safetensors"
    table = b'{"a":{"dtype":"F32","shape":[1000000],"data_offsets":[0,4000000]}}'
    path.write_bytes(struct.pack("<Q", len(table)) + table + bytes(16))
    refused(path, "is damaged or was cut off")


def test_no_tensors(tmp_path: Path) -> None:
    refused(as_pth({"lr": 0.1}, tmp_path / "a.pth"), "holds no named tensors")
    refused(as_pth(torch.zeros(3), tmp_path / "b.pth"), "holds no named tensors")


def test_sparse_tensors(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    torch.save({"a": torch.zeros(3, 3).to_sparse()}, buffer)
    path = tmp_path / "a.pth"
    path.write_bytes(buffer.getvalue())
    refused(path, "sparse")


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), 1e300])
def test_numbers_that_are_none(bad: float, network: Network, tmp_path: Path) -> None:
    state = {name: tensor.double() for name, tensor in small().state_dict().items()}
    state["3.weight"][0, 0, 0, 0] = bad
    refused(as_pth(state, tmp_path / "a.pth"), r"1 of the 576 numbers of 3\.weight are NaN or infinite", network)


def test_weights_of_another_network(network: Network, tmp_path: Path) -> None:
    other = nn.Sequential(nn.Conv2d(3, 5, 5), nn.Linear(3, 3)).state_dict()
    refused(as_pth(other, tmp_path / "a.pth"), r"another network .* its 0\.weight has shape \(5, 3, 5, 5\)", network)
    refused(
        as_pth({"z.q": torch.zeros(2)}, tmp_path / "b.pth"), r"it has z\.q, where this network has 0\.weight", network
    )


def test_a_file_larger_than_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = as_pth(small().state_dict(), tmp_path / "a.pth")
    memory = psutil.virtual_memory()._replace(available=1000)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    refused(path, "only 1,000 B of memory are free")


@pytest.mark.parametrize("name", ["none.bin", "none.pth", "none.safetensors"])
def test_a_table_of_no_tensors_is_no_file_of_weights(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(struct.pack("<Q", 20) + b'{"__metadata__": {}}')
    with pytest.raises(CheckpointError, match=f"{name} holds no named tensors"):
        read_checkpoint(tmp_path / name)


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
def test_nested_tensors_are_refused(tmp_path: Path) -> None:
    nested = torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.strided)
    with pytest.raises(CheckpointError, match=r"0\.weight is a sparse, nested"):
        read_checkpoint(as_pth({"0.weight": nested}, tmp_path / "nested.pth"))


@pytest.mark.parametrize("write", [as_pth, as_safetensors])
def test_as_many_names_as_no_network_has_are_refused_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: Callable[[Any, Path], Path]
) -> None:
    monkeypatch.setattr("explorer.weights.checkpoint.MAX_TENSORS", 30)
    path = write({f"{number}.weight": torch.ones(1) for number in range(31)}, tmp_path / "many.pth")
    with pytest.raises(CheckpointError, match=r"many\.pth holds \d+ tensors, which is no network"):
        read_checkpoint(path)


@pytest.mark.parametrize("dtype", [torch.complex64, torch.int8, torch.bool])
def test_another_kind_of_numbers_is_not_converted(tmp_path: Path, network: Network, dtype: torch.dtype) -> None:
    state = small().state_dict()
    state["0.weight"] = state["0.weight"].to(dtype)
    with pytest.raises(CheckpointError, match=r"the numbers of 0\.weight are (complex64|int8|bool), where .* float32"):
        network.load_weights(as_pth(state, tmp_path / "kind.pth"))


@pytest.mark.parametrize("header", [0x1080, 0x4B50])
def test_a_table_of_contents_may_begin_like_another_format(header: int, tmp_path: Path) -> None:
    """One in 32 lengths of a table begins with the byte that a pickle begins with, one with the letters of a zip."""
    state, path = small().state_dict(), tmp_path / "a.safetensors"

    def write(note: str) -> int:
        save_file(state, path, {"note": note})
        return int.from_bytes(path.read_bytes()[:8], "little")

    assert write("x" * (header - write(""))) == header
    assert read_checkpoint(path).keys() == state.keys()
    assert recognise_format(path).kind == "weights"


def test_the_content_counts_not_the_name(tmp_path: Path) -> None:
    """torch takes a file for safetensors by its name."""
    path = as_pth(small().state_dict(), tmp_path / "named.safetensors")
    assert len(read_checkpoint(path)) == len(small().state_dict())


def test_names_of_any_length_are_said_in_a_sentence(network: Network, tmp_path: Path) -> None:
    path = as_pth({"a" * 1_000_000: torch.ones(2)}, tmp_path / "long.pth")
    with pytest.raises(CheckpointError, match="is for another network") as refusal:
        network.load_weights(path)
    assert len(str(refusal.value)) == MAX_MESSAGE_LENGTH
