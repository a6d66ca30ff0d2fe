"""ShuffleNet v1; torchvision begins with v2."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.shufflenetv2 import channel_shuffle

# Zhang et al. 2017, table 1: width of stage 2 for each number of groups; it doubles in stage 3 and again in stage 4.
STAGE2_WIDTHS = {1: 144, 2: 200, 3: 240, 4: 272, 8: 384}
STAGE_REPEATS = (4, 8, 4)


class ShuffleUnit(nn.Module):
    """Zhang et al. 2017, figure 2(b) and, with stride 2, 2(c).

    Grouped 1x1, channel shuffle, depthwise 3x3, grouped 1x1. The bottleneck has a quarter of the unit's output width.
    With stride 2 the shortcut is an average pooling that is concatenated instead of added.
    """

    def __init__(self, inp: int, oup: int, stride: int, groups: int, grouped_input: bool = True) -> None:
        super().__init__()
        if stride not in (1, 2):
            raise ValueError(f"stride={stride} is neither 1 nor 2")
        if stride == 1 and inp != oup:
            raise ValueError(f"with stride 1 the input width {inp} must equal the output width {oup}")
        if groups < 1:
            raise ValueError(f"groups={groups} is not above 0")
        if oup % 4 or (oup // 4) % groups:
            raise ValueError(f"a quarter of the width {oup} is not divisible into {groups} groups")
        branch = oup if stride == 1 else oup - inp
        if branch <= 0 or branch % groups:
            raise ValueError(f"the branch's width {branch} ({oup} out, {inp} in) is not divisible into {groups} groups")
        if grouped_input and inp % groups:
            raise ValueError(f"the input width {inp} is not divisible into {groups} groups")
        mid = oup // 4
        self.stride = stride
        self.groups = groups
        self.conv1 = nn.Conv2d(inp, mid, kernel_size=1, groups=groups if grouped_input else 1, bias=False)
        self.bn1 = nn.BatchNorm2d(mid)
        self.conv2 = nn.Conv2d(mid, mid, kernel_size=3, stride=stride, padding=1, groups=mid, bias=False)
        self.bn2 = nn.BatchNorm2d(mid)
        self.conv3 = nn.Conv2d(mid, branch, kernel_size=1, groups=groups, bias=False)
        self.bn3 = nn.BatchNorm2d(branch)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.relu(self.bn1(self.conv1(x)))
        if self.groups > 1:
            out = channel_shuffle(out, self.groups)
        out = self.bn2(self.conv2(out))
        out = self.bn3(self.conv3(out))
        if self.stride == 1:
            out = x + out
        else:
            out = torch.cat((F.avg_pool2d(x, kernel_size=3, stride=2, padding=1), out), dim=1)
        activated: Tensor = self.relu(out)
        return activated


class ShuffleNetV1(nn.Module):
    """Zhang et al., "ShuffleNet", table 1: widths of the stem and of the three stages, four, eight and four units."""

    def __init__(
        self,
        stages_out_channels: Sequence[int],
        groups: int = 3,
        stages_repeats: Sequence[int] = STAGE_REPEATS,
        num_classes: int = 1000,
    ) -> None:
        super().__init__()
        if len(stages_out_channels) != 4:
            raise ValueError(
                f"stages_out_channels needs 4 widths (the stem and 3 stages), not {len(stages_out_channels)}"
            )
        if len(stages_repeats) != 3:
            raise ValueError(f"stages_repeats needs 3 numbers, not {len(stages_repeats)}")
        stem, *widths = stages_out_channels
        self.conv1 = nn.Sequential(
            nn.Conv2d(3, stem, kernel_size=3, stride=2, padding=1, bias=False),
            nn.BatchNorm2d(stem),
            nn.ReLU(inplace=True),
        )
        self.maxpool = nn.MaxPool2d(kernel_size=3, stride=2, padding=1)
        stages: list[nn.Sequential] = []
        inp = stem
        for oup, repeats in zip(widths, stages_repeats, strict=True):
            # The stem is too thin for groups: the first pointwise convolution of stage 2 is not grouped.
            units = [ShuffleUnit(inp, oup, 2, groups, grouped_input=bool(stages))]
            units += [ShuffleUnit(oup, oup, 1, groups) for _ in range(repeats - 1)]
            stages.append(nn.Sequential(*units))
            inp = oup
        self.stage2, self.stage3, self.stage4 = stages
        self.avgpool = nn.AdaptiveAvgPool2d((1, 1))
        self.fc = nn.Linear(inp, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv1(x)
        x = self.maxpool(x)
        x = self.stage2(x)
        x = self.stage3(x)
        x = self.stage4(x)
        x = torch.flatten(self.avgpool(x), 1)
        scores: Tensor = self.fc(x)
        return scores


def shufflenet_v1(*, groups: int = 3, width_mult: float = 1.0, num_classes: int = 1000) -> ShuffleNetV1:
    """Build ShuffleNet v1 with the paper's widths for its `groups`, times `width_mult`.

    The paper does not give the stem's width; its complexities result from 12 channels for 0.25 and 0.5; the authors'
    code has 24 for 1 and 1.5, and 48 for 2. Raises ValueError for groups that the paper lacks, or a width not above 0.
    """
    if groups not in STAGE2_WIDTHS:
        raise ValueError(f"groups={groups} is not among {', '.join(map(str, STAGE2_WIDTHS))}, which the paper has")
    if width_mult <= 0:
        raise ValueError(f"width_mult={width_mult} is not above 0")
    stem = 12 if width_mult < 1 else 24 if width_mult < 2 else int(24 * width_mult)
    stage2 = int(STAGE2_WIDTHS[groups] * width_mult)
    return ShuffleNetV1((stem, stage2, 2 * stage2, 4 * stage2), groups=groups, num_classes=num_classes)
