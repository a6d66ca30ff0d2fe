"""All tools of the window, see `explorer.ui.plugin.tool_context`. None of them imports torch or pyqtgraph when it is
imported: the window is on screen first."""

from __future__ import annotations

from collections.abc import Callable

from explorer.ui.arithmetic.tool import ArithmeticTool
from explorer.ui.budget.tool import BudgetTool
from explorer.ui.card_clipboard.tool import CardClipboardTool
from explorer.ui.code.tool import CodeTool
from explorer.ui.comparison.tool import ComparisonTool
from explorer.ui.computing.tool import ComputingTool
from explorer.ui.depth_curves.tool import DepthCurvesTool
from explorer.ui.design_check.tool import DesignCheckTool
from explorer.ui.diagram_settings.tool import DiagramSettingsTool
from explorer.ui.experiments.tool import ExperimentsTool
from explorer.ui.export.tool import ExportTool
from explorer.ui.feature_maps.tool import FeatureMapsTool
from explorer.ui.folder_evaluation.tool import FolderEvaluationTool
from explorer.ui.grad_cam.tool import GradCamTool
from explorer.ui.guide.tool import GuideTool
from explorer.ui.help.tool import HelpTool
from explorer.ui.hints.tool import HintsTool
from explorer.ui.language.tool import LanguageTool
from explorer.ui.memory_strip.tool import MemoryStripTool
from explorer.ui.minimap.tool import MinimapTool
from explorer.ui.model_files.tool import ModelFilesTool
from explorer.ui.navigation.tool import NavigationTool
from explorer.ui.new_network.tool import NewNetworkTool
from explorer.ui.overview.tool import OverviewTool
from explorer.ui.palette.tool import PaletteTool
from explorer.ui.panel_focus.tool import PanelFocusTool
from explorer.ui.parts.moving_tool import MovingTool
from explorer.ui.parts.tool import PartsTool
from explorer.ui.parts.wiring_tool import WiringTool
from explorer.ui.plugin.tool_context import ToolContext
from explorer.ui.preferences.tool import PreferencesTool
from explorer.ui.presentation.tool import PresentationTool
from explorer.ui.recovery.tool import RecoveryTool
from explorer.ui.session_restore.tool import SessionRestoreTool
from explorer.ui.stage_table.tool import StageTableTool
from explorer.ui.start.tool import StartPageTool
from explorer.ui.timing.tool import TimingTool
from explorer.ui.tours.tool import ToursTool
from explorer.ui.training.tool import TrainingTool
from explorer.ui.user_module.tool import UserModuleTool
from explorer.ui.weights.tool import WeightsTool
from explorer.ui.worksheet.tool import WorksheetTool

#: In the order of their menu entries and tabs. Each is made once, with the desk, and lives as long as the window.
TOOLS: tuple[Callable[[ToolContext], object], ...] = (
    DiagramSettingsTool,
    LanguageTool,
    NewNetworkTool,
    UserModuleTool,
    ModelFilesTool,
    RecoveryTool,
    SessionRestoreTool,
    StartPageTool,
    GuideTool,
    ToursTool,
    OverviewTool,
    ExperimentsTool,
    NavigationTool,
    PaletteTool,
    PanelFocusTool,
    CardClipboardTool,
    PresentationTool,
    PartsTool,
    MovingTool,
    WiringTool,
    ComparisonTool,
    MinimapTool,
    FeatureMapsTool,
    ArithmeticTool,
    StageTableTool,
    BudgetTool,
    DepthCurvesTool,
    GradCamTool,
    TimingTool,
    MemoryStripTool,
    DesignCheckTool,
    TrainingTool,
    CodeTool,
    WeightsTool,
    ComputingTool,
    FolderEvaluationTool,
    ExportTool,
    WorksheetTool,
    HelpTool,
    HintsTool,
    PreferencesTool,
)
