using System.Globalization;
using OnnxTransfer.Cluster.Benchmarks;

// MEMBERSHIP is the address of an empty PostgreSQL database, WORK a folder for photos and output, which is deleted afterwards.
// `calls MEMBERSHIP PARTS CALLERS` asks a coordinator for parts and reports them, without any image;
// `ids MEMBERSHIP WORK IMAGES` makes a job of so many tiny images with a tiny network;
// `workers MEMBERSHIP WORK BACKBONE FOLDER PHOTOS ROUNDS` holds two workers of one thread against one process of two, with a network such as resnet18.
switch (args)
{
    case ["calls", var membership, var parts, var callers]:
        return await CoordinatorCalls.RunAsync(membership, Number(parts), Number(callers));
    case ["ids", var membership, var work, var images]:
        return await ManyIds.RunAsync(membership, work, Number(images));
    case ["workers", var membership, var work, var backbone, var folder, var photos, var rounds]:
        return await TwoWorkers.RunAsync(membership, work, backbone, folder, Number(photos), Number(rounds));
    default:
        Console.Error.WriteLine("usage: calls MEMBERSHIP PARTS CALLERS | ids MEMBERSHIP WORK IMAGES | workers MEMBERSHIP WORK BACKBONE FOLDER PHOTOS ROUNDS");
        return 2;
}

static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
