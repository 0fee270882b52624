#!/usr/bin/env bash
# Builds one folder for a Linux x64 machine with an NVIDIA GPU: the command line and the benchmarks with the .NET runtime and the
# CUDA provider inside, a backbone, photos, and check.sh, which holds CUDA against the CPU there. No SDK is needed on that machine.
set -euo pipefail
if [ $# -ne 3 ]; then
  echo "usage: eng/gpu-check.sh BACKBONE.onnx PHOTOS OUT" >&2
  exit 2
fi
root=$(cd "$(dirname "$0")/.." && pwd)
model=$1 photos=$2 out=$3

for program in OnnxTransfer.Cli:src/OnnxTransfer.Cli OnnxTransfer.Benchmarks:benchmarks/OnnxTransfer.Benchmarks; do
  dotnet publish "$root/${program#*:}" -c Release -r linux-x64 --self-contained -p:OnnxRuntimeFlavor=Gpu --nologo -o "$out/${program%%:*}"
done
cp "$model" "$out/backbone.onnx"
card=${model%.onnx}.model.json
cp "$card" "$out/backbone.model.json"
labels=$(sed -n 's/.*"labels": *"\([^"]*\)".*/\1/p' "$card")
# A name that is no file is a list that the library carries.
if [ -n "$labels" ] && [ -f "$(dirname "$model")/$labels" ]; then cp "$(dirname "$model")/$labels" "$out/$labels"; fi
cp -r "$photos" "$out/photos"

cat > "$out/check.sh" <<'EOF'
#!/usr/bin/env bash
# Run on the machine with the GPU. Exits with 0 when CUDA works and its vectors are near the CPU's: cosine at least 0.9999 in
# 32 bits, 0.999 in 16. `check.sh tensorrt` and others check another provider.
set -euo pipefail
cd "$(dirname "$0")"
provider=${1:-cuda}
chmod +x OnnxTransfer.Cli/OnnxTransfer.Cli OnnxTransfer.Benchmarks/OnnxTransfer.Benchmarks
./OnnxTransfer.Cli/OnnxTransfer.Cli doctor --backbone backbone.onnx --provider "$provider"
./OnnxTransfer.Benchmarks/OnnxTransfer.Benchmarks device backbone.onnx photos "$provider"
EOF
chmod +x "$out/check.sh"
echo "copy $out to the machine with the GPU and run check.sh there"
