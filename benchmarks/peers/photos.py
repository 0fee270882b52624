"""The photographs that every peer measures, as bytes in memory."""
import glob, os, tempfile

SHARED = os.environ.get('ONNXTRANSFER_SHARED') or os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', '..', 'shared')
LARGE = os.environ.get('ONNXTRANSFER_LARGE_PHOTOS') or os.path.join(tempfile.gettempdir(), 'onnxtransfer-photos')


def read(paths):
    return [open(path, 'rb').read() for path in paths]


def small():
    return read(sorted(glob.glob(os.path.join(SHARED, 'data', 'flowers', '*', '*.jpg')))[::3][:100])


def large():
    return read(sorted(glob.glob(os.path.join(LARGE, 'large', '*.jpg'))))


def huge():
    return read(sorted(glob.glob(os.path.join(LARGE, 'huge', '*.jpg'))))
