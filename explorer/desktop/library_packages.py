"""Packages of the libraries that a window of Qt needs, as Debian, Fedora and Arch name them."""

from __future__ import annotations

from typing import NamedTuple


class PackageNames(NamedTuple):
    """Names of the package that has a library, by the program that installs it."""

    apt: str
    dnf: str
    pacman: str


#: By the name that the loader knows a library by.
PACKAGES = {
    "libEGL.so.1": PackageNames("libegl1", "libglvnd-egl", "libglvnd"),
    "libGL.so.1": PackageNames("libgl1", "libglvnd-glx", "libglvnd"),
    "libICE.so.6": PackageNames("libice6", "libICE", "libice"),
    "libOpenGL.so.0": PackageNames("libopengl0", "libglvnd-opengl", "libglvnd"),
    "libSM.so.6": PackageNames("libsm6", "libSM", "libsm"),
    "libX11-xcb.so.1": PackageNames("libx11-xcb1", "libX11-xcb", "libx11"),
    "libX11.so.6": PackageNames("libx11-6", "libX11", "libx11"),
    "libdbus-1.so.3": PackageNames("libdbus-1-3", "dbus-libs", "dbus"),
    "libfontconfig.so.1": PackageNames("libfontconfig1", "fontconfig", "fontconfig"),
    "libfreetype.so.6": PackageNames("libfreetype6", "freetype", "freetype2"),
    "libglib-2.0.so.0": PackageNames("libglib2.0-0", "glib2", "glib2"),
    "libgthread-2.0.so.0": PackageNames("libglib2.0-0", "glib2", "glib2"),
    "libstdc++.so.6": PackageNames("libstdc++6", "libstdc++", "gcc-libs"),
    "libwayland-client.so.0": PackageNames("libwayland-client0", "libwayland-client", "wayland"),
    "libwayland-cursor.so.0": PackageNames("libwayland-cursor0", "libwayland-cursor", "wayland"),
    "libwayland-egl.so.1": PackageNames("libwayland-egl1", "libwayland-egl", "wayland"),
    "libxcb-cursor.so.0": PackageNames("libxcb-cursor0", "xcb-util-cursor", "xcb-util-cursor"),
    "libxcb-glx.so.0": PackageNames("libxcb-glx0", "libxcb", "libxcb"),
    "libxcb-icccm.so.4": PackageNames("libxcb-icccm4", "xcb-util-wm", "xcb-util-wm"),
    "libxcb-image.so.0": PackageNames("libxcb-image0", "xcb-util-image", "xcb-util-image"),
    "libxcb-keysyms.so.1": PackageNames("libxcb-keysyms1", "xcb-util-keysyms", "xcb-util-keysyms"),
    "libxcb-randr.so.0": PackageNames("libxcb-randr0", "libxcb", "libxcb"),
    "libxcb-render-util.so.0": PackageNames("libxcb-render-util0", "xcb-util-renderutil", "xcb-util-renderutil"),
    "libxcb-render.so.0": PackageNames("libxcb-render0", "libxcb", "libxcb"),
    "libxcb-shape.so.0": PackageNames("libxcb-shape0", "libxcb", "libxcb"),
    "libxcb-shm.so.0": PackageNames("libxcb-shm0", "libxcb", "libxcb"),
    "libxcb-sync.so.1": PackageNames("libxcb-sync1", "libxcb", "libxcb"),
    "libxcb-util.so.1": PackageNames("libxcb-util1", "xcb-util", "xcb-util"),
    "libxcb-xfixes.so.0": PackageNames("libxcb-xfixes0", "libxcb", "libxcb"),
    "libxcb-xinerama.so.0": PackageNames("libxcb-xinerama0", "libxcb", "libxcb"),
    "libxcb-xkb.so.1": PackageNames("libxcb-xkb1", "libxcb", "libxcb"),
    "libxcb.so.1": PackageNames("libxcb1", "libxcb", "libxcb"),
    "libxkbcommon-x11.so.0": PackageNames("libxkbcommon-x11-0", "libxkbcommon-x11", "libxkbcommon-x11"),
    "libxkbcommon.so.0": PackageNames("libxkbcommon0", "libxkbcommon", "libxkbcommon"),
    "libz.so.1": PackageNames("zlib1g", "zlib", "zlib"),
    "libzstd.so.1": PackageNames("libzstd1", "libzstd", "zstd"),
}
