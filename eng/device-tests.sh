#!/usr/bin/env bash
# Runs the tests of the device path where there is no GPU: with the ONNX Runtime of the npm package onnxruntime-node, whose Linux
# build has the WebGPU provider inside, on a Vulkan driver that computes on the processor. Chromium brings such a driver
# (SwiftShader); DRIVER names another one's .json file.
set -euo pipefail
version=1.29.0
digest=cfdfb45ec4044b1fdca43e5d2e180fb6817e649ff8ad1e0dfc90e18e51b67037
root=$(cd "$(dirname "$0")/.." && pwd)
driver=${DRIVER:-/usr/lib/chromium/vk_swiftshader_icd.json}
if [ ! -f "$driver" ]; then
  echo "device-tests: no Vulkan driver at $driver; install chromium, or name a driver's .json file in DRIVER" >&2
  exit 1
fi

work=$root/artifacts/device-tests
mkdir -p "$work"
if [ ! -f "$work/libonnxruntime.so" ]; then
  (cd "$work" && npm pack --silent "onnxruntime-node@$version" >/dev/null)
  echo "$digest  $work/onnxruntime-node-$version.tgz" | sha256sum --check --quiet
  tar xzf "$work/onnxruntime-node-$version.tgz" -C "$work" --strip-components 5 package/bin/napi-v6/linux/x64/libonnxruntime.so.1
  mv "$work/libonnxruntime.so.1" "$work/libonnxruntime.so"
fi

dotnet build "$root/tests/OnnxTransfer.Tests" -c Release --nologo -v q
# Beside the ordinary build, whose ONNX Runtime stays as it is.
rm -rf "$work/tests"
cp -r "$root/artifacts/bin/OnnxTransfer.Tests/release" "$work/tests"
cp "$work/libonnxruntime.so" "$work/tests/runtimes/linux-x64/native/libonnxruntime.so"
cd "$work/tests"
# Without a device they fail here, where elsewhere they are skipped.
ONNXTRANSFER_DEVICE_TESTS=required VK_ICD_FILENAMES=$driver XDG_RUNTIME_DIR=${XDG_RUNTIME_DIR:-/tmp} dotnet test OnnxTransfer.Tests.dll --filter Category=Device
