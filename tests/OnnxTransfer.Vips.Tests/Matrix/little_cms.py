#!/usr/bin/env python3
"""Writes little_cms.txt beside itself: what Little CMS makes of the colours of the format matrix, without its shortcuts.

Needs Debian's liblcms2-2 and a build of the tests: they write their profiles and colours where LITTLE_CMS_INPUT says.
"""
import ctypes, os, struct, subprocess, tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
RELATIVE_COLORIMETRIC, NO_OPTIMIZE = 1, 0x0100
PIXEL_TYPES = {1: 3, 3: 4, 4: 6}  # grey, RGB, CMYK

lcms = ctypes.CDLL('liblcms2.so.2')
pointer, number = ctypes.c_void_p, ctypes.c_uint32
lcms.cmsOpenProfileFromMem.restype, lcms.cmsOpenProfileFromMem.argtypes = pointer, [ctypes.c_char_p, number]
lcms.cmsCreate_sRGBProfile.restype = pointer
lcms.cmsCreateTransform.restype, lcms.cmsCreateTransform.argtypes = pointer, [pointer, number, pointer, number, number, number]
lcms.cmsDoTransform.argtypes = [pointer, pointer, pointer, number]


def layout(channels, width):
    return PIXEL_TYPES[channels] << 16 | channels << 3 | width


def convert(profile, values, bits):
    source, width = lcms.cmsOpenProfileFromMem(profile, len(profile)), bits // 8
    transform = lcms.cmsCreateTransform(source, layout(len(values), width), lcms.cmsCreate_sRGBProfile(), layout(3, 1), RELATIVE_COLORIMETRIC, NO_OPTIMIZE)
    rgb = ctypes.create_string_buffer(3)
    lcms.cmsDoTransform(transform, struct.pack(f'{len(values)}{"B" if width == 1 else "H"}', *values), rgb, 1)
    return rgb.raw


with tempfile.TemporaryDirectory() as folder:
    subprocess.run(['dotnet', 'test', os.path.dirname(HERE), '-c', 'Release', '--no-build', '--filter', 'FullyQualifiedName~EveryCell_IsWhatLittleCmsSays'],
                   env={**os.environ, 'LITTLE_CMS_INPUT': folder}, check=True)
    with open(os.path.join(folder, 'colours.txt')) as colours, open(os.path.join(HERE, 'little_cms.txt'), 'w') as out:
        out.write(f'# Little CMS {lcms.cmsGetEncodedCMMversion() / 1000}; profile; bits; samples = R, G, B\n')
        for key in colours.read().split('\n'):
            if not key: continue
            name, bits, values = key.split(';')
            with open(os.path.join(folder, name + '.icc'), 'rb') as file:
                out.write(key + '=' + ','.join(map(str, convert(file.read(), list(map(int, values.split(','))), int(bits)))) + '\n')
