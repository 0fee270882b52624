using System.Collections;
using OnnxTransfer.Internals;

namespace OnnxTransfer.Tests.Internals;

public sealed class EquatableListTests
{
    [Fact]
    public void Lists_are_equal_when_their_elements_are_in_the_same_order()
    {
        var list = EquatableList.Of(["a", "b"]);
        Assert.True(list.Equals(EquatableList.Of(["a", "b"])));
        Assert.Equal(list.GetHashCode(), EquatableList.Of(["a", "b"]).GetHashCode());
        Assert.False(list.Equals(EquatableList.Of(["b", "a"])));
        Assert.NotEqual(list.GetHashCode(), EquatableList.Of(["b", "a"]).GetHashCode());
        Assert.False(list.Equals(EquatableList.Of(["a"])));
        Assert.False(list.Equals(null));
        Assert.False(list.Equals("[a, b]"));
        Assert.False(((EquatableList<string>)list).Equals(null));
    }

    [Fact]
    public void A_list_of_lists_compares_the_inner_elements()
    {
        var lists = EquatableList.OfLists<int>([[1, 2], [3]]);
        Assert.True(lists.Equals(EquatableList.OfLists<int>([[1, 2], [3]])));
        Assert.False(lists.Equals(EquatableList.OfLists<int>([[1], [2, 3]])));
        Assert.Equal([[1, 2], [3]], lists);
        Assert.Equal("[[1, 2], [3]]", lists.ToString());
    }

    [Fact]
    public void The_copy_does_not_follow_its_source_and_is_made_once()
    {
        int[] source = [1, 2];
        var list = EquatableList.Of(source);
        source[0] = 9;
        Assert.Equal(1, list[0]);
        Assert.Equal(2, list.Count);
        Assert.Same(list, EquatableList.Of(list));
        Assert.Equal([1, 2], ((IEnumerable)list).Cast<int>());
    }

    [Fact]
    public void A_missing_list_is_refused_by_the_name_of_the_argument()
    {
        IReadOnlyList<string> absent = null!;
        IReadOnlyList<IReadOnlyList<string>> absentLists = null!;
        Assert.Equal("absent", Assert.Throws<ArgumentNullException>(() => EquatableList.Of(absent)).ParamName);
        Assert.Equal("absentLists", Assert.Throws<ArgumentNullException>(() => EquatableList.OfLists(absentLists)).ParamName);
        Assert.Equal("rows", Assert.Throws<ArgumentNullException>(() => EquatableList.OfLists([absent], "rows")).ParamName);
    }
}
