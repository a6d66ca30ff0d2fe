"""Everything the window can do beside showing, changing and measuring a network: one tool each, see `explorer.ui.desk`.

Modules here import neither torch nor pyqtgraph when they are imported: the window is on screen first.
"""

from __future__ import annotations

from collections.abc import Callable

from explorer.ui.desk import ToolContext
from explorer.ui.tools.across import OverviewTool
from explorer.ui.tools.beginning import StartPageTool
from explorer.ui.tools.beside import ComparisonTool
from explorer.ui.tools.depth import DepthCurvesTool
from explorer.ui.tools.experiments import ExperimentsTool
from explorer.ui.tools.exporting import ExportTool
from explorer.ui.tools.finding import NavigationTool
from explorer.ui.tools.folder import FolderEvaluationTool
from explorer.ui.tools.guide import GuideTool
from explorer.ui.tools.inside import FeatureMapsTool
from explorer.ui.tools.language import LanguageTool
from explorer.ui.tools.looking import GradCamTool
from explorer.ui.tools.looks import DiagramSettingsTool
from explorer.ui.tools.minimap import MinimapTool
from explorer.ui.tools.own_module import UserModuleTool
from explorer.ui.tools.regions import PanelFocusTool
from explorer.ui.tools.timing import TimingTool
from explorer.ui.tools.weights import WeightsTool

#: In the order of their menu entries and tabs. Each is made once, with the desk, and lives as long as the window.
TOOLS: tuple[Callable[[ToolContext], object], ...] = (
    DiagramSettingsTool,
    LanguageTool,
    UserModuleTool,
    StartPageTool,
    GuideTool,
    OverviewTool,
    ExperimentsTool,
    NavigationTool,
    PanelFocusTool,
    ComparisonTool,
    MinimapTool,
    FeatureMapsTool,
    DepthCurvesTool,
    GradCamTool,
    TimingTool,
    WeightsTool,
    FolderEvaluationTool,
    ExportTool,
)
