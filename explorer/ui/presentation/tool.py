"""Tool of the room for the diagram: F9 folds the panels, F11 fills the screen, Shift+F11 is for a talk."""

from __future__ import annotations

import html

from explorer.base.languages import add_note, tr, tr_noop
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.presentation.panel_folding import PanelFolding
from explorer.ui.presentation.presentation_view import PresentationView, leave_full_screen


class PresentationTool:
    """Entries of View, and the caption of the presentation view."""

    def __init__(self, context: ToolContext) -> None:
        self._context, self._session = context, context.session
        self.folding = PanelFolding(context.window)
        self.view = PresentationView(context.window, context.canvas)
        add = context.add_action
        tip = tr_noop("Give the diagram the whole window, and bring the panels back")
        add("View", tr_noop("Fold all panels"), self.folding.toggle, "F9", tip)
        self.full_screen_action = add(
            "View", tr_noop("Full screen"), self._toggle_full_screen, "F11", tr_noop("Fill the screen with the window")
        )
        tip = tr_noop("The diagram and a caption alone: Page Down goes from stage to stage, Esc leaves")
        self.present_action = add("View", tr_noop("Presentation view"), self._toggle_presentation, "Shift+F11", tip)
        self.view.left.connect(self._on_left)
        self.view.stop_reached.connect(self._context.session.select)
        for topic in ("network", "selection", "baseline", "language"):
            self._session.on(topic, self._update_caption)

    def _toggle_full_screen(self) -> None:
        window = self._context.window
        if window.isFullScreen():
            leave_full_screen(window)
        else:
            window.showFullScreen()

    def _toggle_presentation(self) -> None:
        if self.view.is_active:
            self.view.leave()
        elif self._session.network is None:
            self._context.commands.show_status(tr("Open a network first."))
        else:
            self.view.enter()
            self._update_caption()

    def _on_left(self) -> None:
        self._context.canvas.setFocus()

    def _update_caption(self) -> None:
        """Say what is in sight: the selected card, or the network."""
        if not self.view.is_active:
            return
        network, picture = self._session.displayed_network, self._context.canvas.picture
        if network is None:
            self.view.leave()
            return
        title, about = network.shown_title, ""
        if network.history.position:
            title = add_note(title, tr("edited"))
        if self._session.selection and picture is not None:
            card = picture.card(picture.visible_card(self._session.selection[-1]))
            if card is not None:
                parts = (card.title, *card.lines, card.shape)
                title, about = f"{title} · {parts[0]}", " · ".join(filter(None, parts[1:]))
        small = f'<br><span style="font-size: 12pt">{html.escape(about)}</span>' if about else ""
        self.view.caption.setText(f'<span style="font-size: 17pt">{html.escape(title)}</span>{small}')
