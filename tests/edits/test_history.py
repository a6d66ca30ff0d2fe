"""Undo and redo move through snapshots that are there already."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from explorer.edits import EditError, RepeatBlock, SetWidth, SwapActivation, ToggleShortcut
from explorer.edits.history import replay
from explorer.network import Network

FIRST, SECOND = SwapActivation("*", "gelu"), ToggleShortcut("layer1.0", on=False)


def test_undo_and_redo(opened: Callable[[str], Network]) -> None:
    baseline = opened("resnet18")
    edited = baseline.edit(FIRST, SECOND)
    assert edited.history.undo_title == "Shortcut removed in layer1.0"
    undone = edited.undo()
    assert undone.history.redo_title == "Shortcut removed in layer1.0"
    assert undone.history.undo_title == "Activation GELU everywhere"
    assert undone.redo().architecture is edited.architecture
    assert undone.undo().undo().architecture is baseline.architecture  # past the beginning is the beginning


def test_an_edit_after_undo_forgets_what_could_be_redone(opened: Callable[[str], Network]) -> None:
    network = opened("resnet18").edit(FIRST, SECOND).undo().edit(SwapActivation("*", "silu"))
    assert [edit.title for edit in network.history.applied_edits] == [
        "Activation GELU everywhere",
        "Activation SiLU everywhere",
    ]
    assert not network.history.redo_title


def test_an_edit_after_several_undos_forgets_them_all(opened: Callable[[str], Network]) -> None:
    third = SwapActivation("*", "silu")
    network = opened("resnet18").edit(FIRST, SECOND, third).undo().undo().undo().edit(third)
    assert network.history.edits == (third,)
    assert network.history.snapshots == (network.architecture,)
    assert network.redo().architecture is network.architecture


def test_a_jump_to_other_edits_is_one_step_back_and_forth(opened: Callable[[str], Network]) -> None:
    edited = opened("resnet18").edit(FIRST, SECOND)
    other = edited.jump_to(SwapActivation("*", "silu"))
    assert [edit.title for edit in other.history.applied_edits] == ["Activation SiLU everywhere"]
    assert other.history.undo_title == "Other variant"
    back = other.undo()
    assert back.architecture is edited.architecture
    assert back.history.redo_title == "Other variant"
    assert back.redo().architecture is other.architecture
    assert back.undo().history.redo_title == SECOND.title, "before the jump, edits are undone as ever"
    assert not back.edit(SwapActivation("*", "elu")).history.redo_title, "a new edit forgets the jump"
    later = other.edit(SECOND)
    assert later.undo().undo().architecture is edited.architecture
    assert later.undo().undo().redo().architecture is other.architecture


def test_a_jump_to_the_network_as_opened_is_undone_too(opened: Callable[[str], Network]) -> None:
    edited = opened("resnet18").edit(FIRST)
    assert edited.jump_to().history.position == 0
    assert edited.jump_to().undo().architecture is edited.architecture
    with pytest.raises(EditError):
        edited.jump_to(ToggleShortcut("conv1", on=False))


def test_reset_can_be_redone(opened: Callable[[str], Network]) -> None:
    edited = opened("resnet18").edit(FIRST, SECOND)
    assert edited.reset().architecture is opened("resnet18").architecture
    assert edited.reset().redo().redo().architecture is edited.architecture


def test_one_refused_edit_refuses_all(opened: Callable[[str], Network]) -> None:
    with pytest.raises(EditError):
        replay(opened("resnet18").architecture, [FIRST, ToggleShortcut("conv1", on=False)])


def test_the_last_edit_taken_out_is_only_undone(opened: Callable[[str], Network]) -> None:
    edited = opened("resnet18").edit(FIRST, SECOND)
    without = edited.without_edits(SECOND)
    assert without.history.position == 1
    assert without.redo().architecture is edited.architecture


def test_an_edit_is_taken_out_from_under_others(opened: Callable[[str], Network]) -> None:
    edited = opened("resnet18").edit(FIRST, SECOND, SetWidth("layer1.0.conv1", 32), FIRST)
    without = edited.without_edits(FIRST, SECOND)  # the second time that FIRST was asked for changed nothing
    assert without.history.applied_edits == (SetWidth("layer1.0.conv1", 32),)
    assert without.figures.total == opened("resnet18").edit(SetWidth("layer1.0.conv1", 32)).figures.total
    assert edited.without_edits(SetWidth("conv1", 8)) == edited  # none of these


def test_what_a_later_edit_needs_cannot_be_taken_out(opened: Callable[[str], Network]) -> None:
    edited = opened("resnet18").edit(RepeatBlock("layer1.1"), SwapActivation("layer1.1~2.relu", "gelu"))
    with pytest.raises(EditError, match="no layer or block"):
        edited.without_edits(RepeatBlock("layer1.1"))


def test_to_the_end_of_other_edits(opened: Callable[[str], Network]) -> None:
    """Along a way that is known nothing is made anew, in either direction."""
    baseline, third = opened("resnet18"), SwapActivation("layer2", "silu")
    edited = baseline.with_edits(FIRST, SECOND)
    assert edited.history.applied_edits == (FIRST, SECOND)
    back = edited.with_edits(FIRST)
    assert back.history.redo_title == SECOND.title
    assert back.with_edits(FIRST, SECOND).architecture is edited.architecture
    assert edited.with_edits(FIRST, third).history.edits == (FIRST, third)
    assert edited.with_edits().architecture is baseline.architecture
