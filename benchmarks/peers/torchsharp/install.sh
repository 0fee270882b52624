#!/bin/bash
# install.sh FOLDER [DEBIAN13]: builds TorchSharp's peer into FOLDER.
#
# TorchSharp's native library was built with GCC 13 and asks for GLIBCXX_3.4.32, which Debian 12's libstdc++ (GCC 12) does not have. With
# DEBIAN13, a folder with Debian 13's libc6, libgcc-s1 and libstdc++6 unpacked (dpkg-deb -x), the program is told to start with the loader of
# that folder and to look for libraries there first. Nothing else on the system sees them.
set -euo pipefail
folder=$(realpath -m "$1")
dotnet build "$(dirname "$0")" -c Release --nologo -v quiet -o "$folder"
if [ $# -gt 1 ]; then
  libraries=$(realpath "$2")/usr/lib/x86_64-linux-gnu
  patchelf --force-rpath --set-rpath "$libraries" --set-interpreter "$libraries/ld-linux-x86-64.so.2" "$folder/OnnxTransfer.Peers.TorchSharp"
fi
