#!/usr/bin/env bash
# Builds one folder for a Linux x64 machine with an NVIDIA GPU: the command line with the .NET runtime and the CUDA provider
# inside, a backbone, photos, and check.sh, which compares the CPU with CUDA there. No SDK is needed on that machine.
set -euo pipefail
if [ $# -ne 3 ]; then
  echo "usage: eng/gpu-check.sh BACKBONE.onnx PHOTOS OUT" >&2
  exit 2
fi
root=$(cd "$(dirname "$0")/.." && pwd)
model=$1 photos=$2 out=$3

(cd "$root" && dotnet run build.cs feed --gpu)
dotnet publish "$root/src/OnnxTransfer.Cli" -c Release -r linux-x64 --self-contained -p:OnnxRuntimeFlavour=Gpu --nologo -o "$out/app"
cp "$model" "$out/backbone.onnx"
cp "${model%.onnx}.model.json" "$out/backbone.model.json"
cp -r "$photos" "$out/photos"

cat > "$out/check.sh" <<'EOF'
#!/usr/bin/env bash
# Run on the machine with the GPU. Exits with 0 when CUDA works and its vectors are those of the CPU.
set -euo pipefail
cd "$(dirname "$0")"
./app/OnnxTransfer.Cli doctor
for provider in cpu cuda; do
  for run in warm-up measured; do
    ./app/OnnxTransfer.Cli embed photos --backbone backbone.onnx --provider $provider --out $provider.npy --json > $provider.json
  done
done
python3 - <<'PY'
import array, json, struct

def read(path):
    data = open(path, 'rb').read()
    start = 10 + struct.unpack('<H', data[8:10])[0]  # an .npy header states its own length
    return array.array('f', data[start:])

cpu, cuda = read('cpu.npy'), read('cuda.npy')
scale = max(abs(x) for x in cpu)
worst = max(abs(a - b) for a, b in zip(cpu, cuda)) / scale
for name in 'cpu', 'cuda':
    run = json.load(open(name + '.json'))
    print(f"{name}: {run['rows']} x {run['dim']}, {run['imagesPerSecond']:.0f} images/s")
print(f'greatest difference {worst:.2g} of the largest feature')
# CUDA may multiply in TF32, which keeps 10 bits of every factor.
raise SystemExit(0 if len(cpu) == len(cuda) and worst < 0.01 else 1)
PY
EOF
chmod +x "$out/check.sh"
echo "copy $out to the machine with the GPU and run check.sh there"
