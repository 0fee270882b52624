namespace OnnxTransfer.Conversion.Keras;

/// <summary>The networks, after their papers and with the names and numbers of <c>keras.applications</c>.</summary>
internal sealed partial class KerasArchitecture
{
    private const double ResNetEpsilon = 1.001e-5;
    private const double DefaultEpsilon = 1e-3;

    /// <summary>Simonyan and Zisserman 2014, configuration D.</summary>
    private string Vgg16(string x)
    {
        int[] filters = [64, 128, 256, 512, 512], depths = [2, 2, 3, 3, 3];
        for (var block = 1; block <= 5; block++)
        {
            for (var i = 1; i <= depths[block - 1]; i++) x = Convolution($"block{block}_conv{i}", x, filters[block - 1], 3, 3, same: true, activation: "relu");
            x = Pool("MaxPooling2D", $"block{block}_pool", x, 2, 2);
        }

        if (_classes is not { } classes) return x;
        x = Layer("flatten", "Flatten", [], [x], [_shapes[x].Aggregate(1, (product, side) => product * side)]);
        return Dense("predictions", Dense("fc2", Dense("fc1", x, 4096, "relu"), 4096, "relu"), classes, "softmax");
    }

    private string ResNetStem(string x) => Convolution("conv1_conv", Padding("conv1_pad", x, 3, 3, 3, 3), 64, 7, 7, 2);

    private string ResNetPool(string x) => Pool("MaxPooling2D", "pool1_pool", Padding("pool1_pad", x, 1, 1, 1, 1), 3, 2);

    /// <summary>He, Zhang, Ren and Sun 2015, with the stride in the first convolution of a block.</summary>
    private string ResNet50(string x)
    {
        x = ResNetPool(Activation("conv1_relu", Normalization("conv1_bn", ResNetStem(x), ResNetEpsilon)));
        int[] filters = [64, 128, 256, 512], depths = [3, 4, 6, 3];
        for (var stack = 0; stack < 4; stack++)
            for (var block = 1; block <= depths[stack]; block++)
            {
                var name = $"conv{stack + 2}_block{block}";
                var stride = block == 1 && stack > 0 ? 2 : 1;
                var shortcut = x;
                if (block == 1) shortcut = Normalization(name + "_0_bn", Convolution(name + "_0_conv", x, 4 * filters[stack], 1, 1, stride), ResNetEpsilon);
                x = Activation(name + "_1_relu", Normalization(name + "_1_bn", Convolution(name + "_1_conv", x, filters[stack], 1, 1, stride), ResNetEpsilon));
                x = Activation(name + "_2_relu", Normalization(name + "_2_bn", Convolution(name + "_2_conv", x, filters[stack], 3, 3, same: true), ResNetEpsilon));
                x = Normalization(name + "_3_bn", Convolution(name + "_3_conv", x, 4 * filters[stack], 1, 1), ResNetEpsilon);
                x = Activation(name + "_out", Add(name + "_add", shortcut, x));
            }

        return Top(x, "avg_pool");
    }

    /// <summary>He, Zhang, Ren and Sun 2016: the activation before the convolution, and the stride in the last block of a stack.</summary>
    private string ResNet101V2(string x)
    {
        x = ResNetPool(ResNetStem(x));
        int[] filters = [64, 128, 256, 512], depths = [3, 4, 23, 3];
        for (var stack = 0; stack < 4; stack++)
            for (var block = 1; block <= depths[stack]; block++)
            {
                var name = $"conv{stack + 2}_block{block}";
                var stride = block == depths[stack] && stack < 3 ? 2 : 1;
                var before = Activation(name + "_preact_relu", Normalization(name + "_preact_bn", x, ResNetEpsilon));
                var shortcut = block == 1 ? Convolution(name + "_0_conv", before, 4 * filters[stack], 1, 1, stride)
                    : stride > 1 ? Pool("MaxPooling2D", Unnamed("max_pooling2d"), x, 1, stride)
                    : x;
                var y = Activation(name + "_1_relu", Normalization(name + "_1_bn", Convolution(name + "_1_conv", before, filters[stack], 1, 1, bias: false), ResNetEpsilon));
                y = Convolution(name + "_2_conv", Padding(name + "_2_pad", y, 1, 1, 1, 1), filters[stack], 3, 3, stride, bias: false);
                y = Activation(name + "_2_relu", Normalization(name + "_2_bn", y, ResNetEpsilon));
                x = Add(name + "_out", shortcut, Convolution(name + "_3_conv", y, 4 * filters[stack], 1, 1));
            }

        return Top(Activation("post_relu", Normalization("post_bn", x, ResNetEpsilon)), "avg_pool");
    }

    /// <summary>Sandler, Howard, Zhu, Zhmoginov and Chen 2018, width 1.</summary>
    private string MobileNetV2(string x)
    {
        x = Relu6("Conv1_relu", Normalization("bn_Conv1", Convolution("Conv1", x, 32, 3, 3, 2, same: true, bias: false), DefaultEpsilon));
        (int Filters, int Stride, int Count)[] stages = [(16, 1, 1), (24, 2, 2), (32, 2, 3), (64, 2, 4), (96, 1, 3), (160, 2, 3), (320, 1, 1)];
        var id = 0;
        foreach (var (filters, first, count) in stages)
            for (var i = 0; i < count; i++, id++)
            {
                var (name, stride, y) = (id == 0 ? "expanded_conv_" : $"block_{id}_", i == 0 ? first : 1, x);
                var depth = _shapes[x][2];
                if (id > 0) y = Relu6(name + "expand_relu", Normalization(name + "expand_BN", Convolution(name + "expand", y, 6 * depth, 1, 1, bias: false), DefaultEpsilon));
                // An even side gets its zeros behind only, as SAME padding has them.
                if (stride == 2) y = Padding(name + "pad", y, _shapes[y][0] % 2, 1, _shapes[y][1] % 2, 1);
                y = Relu6(name + "depthwise_relu", Normalization(name + "depthwise_BN", Depthwise(name + "depthwise", y, stride, same: stride == 1), DefaultEpsilon));
                y = Normalization(name + "project_BN", Convolution(name + "project", y, filters, 1, 1, bias: false), DefaultEpsilon);
                x = stride == 1 && depth == filters ? Add(name + "add", x, y) : y;
            }

        x = Relu6("out_relu", Normalization("Conv_1_bn", Convolution("Conv_1", x, 1280, 1, 1, bias: false), DefaultEpsilon));
        return Top(x, "global_average_pooling2d");
    }

    /// <summary>A convolution, its normalization without a scale, and ReLU, which Keras leaves without names.</summary>
    private string Unit(string x, int filters, int height, int width, int stride = 1, bool same = true) => Activation(
        Unnamed("activation"), Normalization(Unnamed("batch_normalization"), Convolution(Unnamed("conv2d"), x, filters, height, width, stride, same, bias: false), DefaultEpsilon, scale: false));

    private string Mean(string x) => Pool("AveragePooling2D", Unnamed("average_pooling2d"), x, 3, 1, same: true);

    private string Greatest(string x) => Pool("MaxPooling2D", Unnamed("max_pooling2d"), x, 3, 2);

    /// <summary>Szegedy, Vanhoucke, Ioffe, Shlens and Wojna 2015.</summary>
    private string InceptionV3(string x)
    {
        x = Unit(Unit(Unit(x, 32, 3, 3, 2, same: false), 32, 3, 3, same: false), 64, 3, 3);
        x = Unit(Unit(Greatest(x), 80, 1, 1, same: false), 192, 3, 3, same: false);
        x = Greatest(x);
        for (var i = 0; i < 3; i++)
        {
            var one = Unit(x, 64, 1, 1);
            var five = Unit(Unit(x, 48, 1, 1), 64, 5, 5);
            var three = Unit(Unit(Unit(x, 64, 1, 1), 96, 3, 3), 96, 3, 3);
            x = Concatenate($"mixed{i}", one, five, three, Unit(Mean(x), i == 0 ? 32 : 64, 1, 1));
        }

        var wide = Unit(x, 384, 3, 3, 2, same: false);
        var deep = Unit(Unit(Unit(x, 64, 1, 1), 96, 3, 3), 96, 3, 3, 2, same: false);
        x = Concatenate("mixed3", wide, deep, Greatest(x));
        for (var i = 4; i < 8; i++)
        {
            var c = i switch { 4 => 128, 7 => 192, _ => 160 };
            var one = Unit(x, 192, 1, 1);
            var seven = Unit(Unit(Unit(x, c, 1, 1), c, 1, 7), 192, 7, 1);
            var twice = Unit(Unit(Unit(Unit(Unit(x, c, 1, 1), c, 7, 1), c, 1, 7), c, 7, 1), 192, 1, 7);
            x = Concatenate($"mixed{i}", one, seven, twice, Unit(Mean(x), 192, 1, 1));
        }

        wide = Unit(Unit(x, 192, 1, 1), 320, 3, 3, 2, same: false);
        deep = Unit(Unit(Unit(Unit(x, 192, 1, 1), 192, 1, 7), 192, 7, 1), 192, 3, 3, 2, same: false);
        x = Concatenate("mixed8", wide, deep, Greatest(x));
        for (var i = 0; i < 2; i++)
        {
            var one = Unit(x, 320, 1, 1);
            var three = Unit(x, 384, 1, 1);
            three = Concatenate($"mixed9_{i}", Unit(three, 384, 1, 3), Unit(three, 384, 3, 1));
            var twice = Unit(Unit(x, 448, 1, 1), 384, 3, 3);
            twice = Concatenate(Unnamed("concatenate"), Unit(twice, 384, 1, 3), Unit(twice, 384, 3, 1));
            x = Concatenate($"mixed{9 + i}", one, three, twice, Unit(Mean(x), 192, 1, 1));
        }

        return Top(x, "avg_pool");
    }
}
