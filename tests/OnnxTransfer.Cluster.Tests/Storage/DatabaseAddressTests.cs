using OnnxTransfer.Cluster.Storage;

namespace OnnxTransfer.Cluster.Tests.Storage;

public sealed class DatabaseAddressTests
{
    [Theory]
    [InlineData("postgres://u@h/d", "postgres://u@h:5432/d")]
    [InlineData("postgresql://u:p%40ss@h:1/d%20e?sslmode=require", "postgres://u@h:1/d e")]
    public void AnAddressIsShownWithoutItsPassword(string address, string shown) => Assert.Equal(shown, DatabaseAddress.Shown(DatabaseAddress.Parse(address)));

    [Theory]
    [InlineData("localhost")]
    [InlineData("mysql://u:secret@h/d")]
    [InlineData("postgres://h/d")]
    [InlineData("postgres://u:secret@h")]
    [InlineData("postgres://u:secret@h/d?sslmode=maybe")]
    [InlineData("postgres://u:secret@h/d?pooling=false")]
    public void AWrongAddressIsRefusedAndItsPasswordNotRepeated(string address)
    {
        var message = Assert.Throws<ArgumentException>(() => DatabaseAddress.Parse(address)).Message;
        Assert.Contains("postgres://USER@HOST:PORT/DATABASE", message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", message, StringComparison.Ordinal);
    }
}
