#!/bin/sh
# The disk image for macOS, from the app that PyInstaller made (README, "Bundles"):
#     resources/desktop/make_dmg.sh 0.1.0
# Signed only ad hoc: for others to open it without a question, sign and notarise the app first.
set -eu
cd "$(dirname "$0")/../.."
version=$1
content=$(mktemp -d)
trap 'rm -rf "$content"' EXIT

cp -R "dist/CNN Explorer.app" "$content/"
codesign --force --deep --sign - "$content/CNN Explorer.app"
ln -s /Applications "$content/Applications"
cp LICENSE "$content/"
hdiutil create -volname "CNN Explorer" -srcfolder "$content" -format UDZO -ov "dist/cnn-explorer-$version.dmg"
