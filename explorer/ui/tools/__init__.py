"""Everything the window can do beside showing, changing and measuring a network: one tool each, see `explorer.ui.desk`.

Modules here import neither torch nor pyqtgraph when they are imported: the window is on screen first.
"""

from __future__ import annotations

from collections.abc import Callable

from explorer.ui.desk import Desk
from explorer.ui.tools.across import AcrossTool
from explorer.ui.tools.beginning import Beginning
from explorer.ui.tools.beside import SideBySide
from explorer.ui.tools.depth import DepthTool
from explorer.ui.tools.experiments import ExperimentsTool
from explorer.ui.tools.exporting import ExportTool
from explorer.ui.tools.finding import Finding
from explorer.ui.tools.folder import FolderTool
from explorer.ui.tools.guide import GuideTool
from explorer.ui.tools.inside import InsideTool
from explorer.ui.tools.language import LanguageTool
from explorer.ui.tools.looking import LookingTool
from explorer.ui.tools.looks import Looks
from explorer.ui.tools.minimap import MinimapTool
from explorer.ui.tools.own_module import OwnModuleTool
from explorer.ui.tools.regions import Regions
from explorer.ui.tools.timing import TimingTool
from explorer.ui.tools.weights import WeightsTool

#: In the order of their menu entries and tabs. Each is made once, with the desk, and lives as long as the window.
TOOLS: tuple[Callable[[Desk], object], ...] = (
    Looks,
    LanguageTool,
    OwnModuleTool,
    Beginning,
    GuideTool,
    AcrossTool,
    ExperimentsTool,
    Finding,
    Regions,
    SideBySide,
    MinimapTool,
    InsideTool,
    DepthTool,
    LookingTool,
    TimingTool,
    WeightsTool,
    FolderTool,
    ExportTool,
)
