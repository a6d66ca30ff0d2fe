"""The open documents of a window: their list, their tabs, how they are opened, edited, saved and closed.

What must always hold:

- There is at least one document, and the one of the session is among them. An empty one (the start page) takes the
  place of the last that is closed.
- What somebody looks at is never lost by looking at something else: only an empty tab, or a *preview* (a network that
  was opened and never touched), gives its place to the next network. Everything else gets a tab of its own, so opening
  never asks whether to save. Only closing does, and only for edits that the user made.
- A result belongs to the document it was asked for. Edits change that document, in sight or not; panels show results of
  the one in sight only (`explorer.ui.plugin.tool_context.ToolContext.add_lane`, `explorer.ui.shell.panel_updater`).
- A closed document is held by nobody: its network, pictures and maps go with it.
- What can be made again (feature maps, weights from seeds, pictures) is kept for the documents seen last, within one
  budget for all of them (`explorer.ui.documents.memory`).
"""
