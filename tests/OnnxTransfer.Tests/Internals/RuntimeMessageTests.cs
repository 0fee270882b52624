namespace OnnxTransfer.Tests.Internals;

public sealed class RuntimeMessageTests
{
    [Theory]
    [InlineData(
        "[ErrorCode:Fail] /src/session/provider_bridge.cc:1988 ns::Provider& ns::Library::Get() [ONNXRuntimeError] : 1 : FAIL : Failed to load library x.so\nmore",
        "Failed to load library x.so.")]
    [InlineData(
        "[ErrorCode:Fail] /src/webgpu_context.cc:100 ns::Context::Initialize(const ns::Config&)::<lambda()> result.status == ns::Success was false. Failed to get a WebGPU adapter: No supported adapters",
        "Failed to get a WebGPU adapter: No supported adapters.")]
    [InlineData(
        "[ErrorCode:RuntimeException] Exception during initialization: /src/cuda_call.cc:129 std::conditional_t<true, void, Status> ns::CudaCall(ERRTYPE) [with ERRTYPE = cudaError] CUDA failure 2: out of memory ; GPU=0 ; hostname=box ; file=/src/x.cc ; line=9 ; expr=cudaMalloc(&p, size); ",
        "CUDA failure 2: out of memory.")]
    [InlineData("Exception during initialization: /src/session.cc:2315 void ns::Open() [ONNXRuntimeError] : 6 : RUNTIME_EXCEPTION : No kernel.", "No kernel.")]
    [InlineData("[ErrorCode:InvalidArgument] Got invalid dimensions for input: x.", "Got invalid dimensions for input: x.")]
    [InlineData("Non-zero status code returned while running Conv node.", "Non-zero status code returned while running Conv node.")]
    [InlineData("/src/file.cc:7 a place that says nothing more", "/src/file.cc:7 a place that says nothing more.")]
    public void Codes_and_places_in_foreign_source_are_left_out(string message, string expected) =>
        Assert.Equal(expected, Throw.OneLine(message));
}
