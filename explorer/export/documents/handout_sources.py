"""What handouts are made of: tours, lineages, pages of the guide and experiments, each with the live network."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QImage, QImageWriter

from explorer.base.languages import Language, tr, with_label
from explorer.exercises.predictions import PredictionQuestion
from explorer.experiments.experiment import Experiment, Values
from explorer.experiments.number_rows import number_rows
from explorer.experiments.outcome import Label, Outcome
from explorer.experiments.texts import load_texts
from explorer.export.documents.handout import Handout, HandoutSection
from explorer.export.documents.html_page import write_html
from explorer.export.network_sheet import build_content, ensure_application
from explorer.export.page import Page
from explorer.export.sheet import fill_sheet
from explorer.export.sheet_text import sheet_text
from explorer.export.view_picture import paint_view
from explorer.guide.filled_page import FilledPage, fill_page
from explorer.guide.output_notes import measure_output_notes
from explorer.guide.page import load_page, load_page_labels
from explorer.network import Network, open_network
from explorer.presenters import expanded_at_level, reveal
from explorer.tours.listing import in_language
from explorer.tours.tour import Tour
from explorer.tours.walk import TourScene, View, build_tour_scene


def build_tour_handout(tour: Tour, language: Language = "en") -> Handout:
    """Return a tour with its live numbers and a picture of each step. Raises TourError."""
    ensure_application()
    sections: list[HandoutSection] = []
    opened: Network | None = None
    drawn: set[object] = set()  # networks whose diagrams are in it
    for number in range(len(tour.steps)):
        scene = build_tour_scene(tour, number, language, opened)
        opened = scene.after.network
        section, edits = _step_section(scene), scene.after.network.history.applied_edits
        shown = (scene.after.network.title, edits)
        sections.append(replace(section, diagram=write_diagram(scene.after)) if shown not in drawn else section)
        drawn.add(shown)
    return Handout(in_language(tour.title, language), in_language(tour.about, language), tuple(sections))


def build_page_handout(key: str, network: Network, language: Language = "en") -> Handout:
    """Return a page of the guide on a network as it was opened, one of those that the page is about."""
    ensure_application()
    filled = fill_page(load_page(key, language), network.baseline.analysis)
    labels = load_page_labels(language)
    paper = filled.page.facts.paper
    source = f"{paper.authors}: {paper.title}, {paper.venue}. {paper.link}"
    whole = View(network.baseline, (), expanded_at_level(network.baseline.analysis, "stages"))
    sections = [
        HandoutSection(labels.problem, (filled.problem,), draw_view(whole), diagram=write_diagram(whole)),
    ]
    sections.extend(_idea_sections(filled, network.baseline))
    notes = measure_output_notes(filled.page, network.baseline)
    sections.append(HandoutSection(labels.look, tuple(f"{note.text} {note.why}" for note in notes)))
    sections.append(HandoutSection(labels.pros, tuple(f"+ {text}" for text in filled.pros)))
    sections.append(HandoutSection(labels.cons, tuple(f"− {text}" for text in filled.cons)))
    sections.append(HandoutSection(labels.next, (filled.next, source)))
    title, network_title = filled.page.text.title, filled.network_title
    title = title if title == network_title else with_label(title, network_title)
    return Handout(title, filled.motto, tuple(sections))


def build_experiment_handout(
    experiment: Experiment, values: Values, outcome: Outcome, picture: QImage, language: Language = "en"
) -> Handout:
    """Return an experiment that was run with these values. `picture` is what the window drew of its outcome."""
    ensure_application()
    texts = load_texts(language)
    text, common = texts.experiments[experiment.id], texts.common

    def say(label: Label) -> str:
        return texts.translate(experiment.id, label)

    settings = [
        with_label(text.control_label(name), texts.choice_label(experiment.id, name, value))
        for name, value in values.items()
    ]
    network = open_network(experiment.networks[0])
    view = View(network, (), expanded_at_level(network.analysis, "stages"))
    heads = tuple(common[key] for key in ("ui.quantity", "ui.computed", "ui.published", "ui.source"))
    sections = (
        HandoutSection(common["ui.outcome"], (text.hint, " · ".join(settings)), _as_png(picture)),
        HandoutSection(common["ui.seen"], tuple(map(say, outcome.observations))),
        HandoutSection(common["ui.numbers"], rows=(heads, *number_rows(outcome, say))),
        HandoutSection(network.shown_title, picture=draw_view(view), diagram=write_diagram(view)),
        HandoutSection(common["ui.code"], code=experiment.code(values)),
    )
    return Handout(text.title, text.question, sections)


def write_diagram(view: View) -> str:
    """Return a web page with the diagram of a view, as far unfolded, without a title of its own."""
    page = Page(level=None, caption=False)
    sheet = fill_sheet(build_content(view.network, page, (), None, view.expanded), page, sheet_text(view.network))
    return write_html(view.network, sheet)


def _step_section(scene: TourScene) -> HandoutSection:
    picture = draw_view(scene.before)
    if scene.prediction is None:
        return HandoutSection(scene.title, tuple(filter(None, (scene.say, scene.then))), picture)
    answer = tuple(filter(None, (_truth_text(scene.prediction), scene.then, *scene.prediction.lines)))
    return HandoutSection(scene.title, (scene.say,), picture, scene.question, answer)


def _truth_text(prediction: PredictionQuestion) -> str:
    chosen = dict(prediction.choices).get(str(prediction.truth), "")
    text = prediction.truth_text
    return tr("Truth: {truth}", truth=with_label(chosen, text) if chosen not in ("", text) else text)


def _idea_sections(filled: FilledPage, network: Network) -> list[HandoutSection]:
    analysis, sections = network.analysis, []
    for idea in filled.ideas:
        expanded = expanded_at_level(analysis, "blocks")
        for target in idea.locations[:12]:
            expanded = reveal(analysis, expanded, target)
        picture = draw_view(View(network, idea.locations[:12], expanded))
        sections.append(HandoutSection(idea.title, (idea.text,), picture))
    return sections


def draw_view(view: View) -> bytes:
    """Return a picture of the cards that a view looks at, with what is around them, as PNG; all without any."""
    return _as_png(paint_view(view))


def _as_png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, b"png").write(image)
    return bytes(buffer.data().data())
