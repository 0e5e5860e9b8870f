"""Small images for the tests of imports, written by GDAL as other programs write them."""
import os

import numpy as np
from osgeo import gdal, osr

gdal.UseExceptions()
KINDS = {"uint8": gdal.GDT_Byte, "uint16": gdal.GDT_UInt16, "int16": gdal.GDT_Int16, "float32": gdal.GDT_Float32}
PRODUCT = "B1 B2 B3 B4 B5 B6 B7 B8 B8A B9 B10 B11 B12".split()
EUROSAT = "B1 B2 B3 B4 B5 B6 B7 B8 B9 B10 B11 B12 B8A".split()


def tif(path, a, names=None, nodata=None, scale=None, offset=None, metadata=None, palette=None, alpha=None,
        options=(), epsg=32633, pixel=10):
    """Writes [bands, H, W] with a georeference, and what else the file shall say."""
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    file = gdal.GetDriverByName("GTiff").Create(str(path), a.shape[2], a.shape[1], a.shape[0], KINDS[str(a.dtype)],
                                                options=list(options))
    if epsg:
        file.SetGeoTransform((500000, pixel, 0, 5000000, 0, -pixel))
        crs = osr.SpatialReference()
        crs.ImportFromEPSG(epsg)
        file.SetProjection(crs.ExportToWkt())
    if metadata:
        file.SetMetadata(metadata)
    for i, band in enumerate(a):
        to = file.GetRasterBand(i + 1)
        if palette:
            table = gdal.ColorTable()
            for k, color in enumerate(palette):
                table.SetColorEntry(k, color)
            to.SetRasterColorTable(table)
        if alpha == i:
            to.SetColorInterpretation(gdal.GCI_AlphaBand)
        if names:
            to.SetDescription(names[i])
        if nodata is not None:
            to.SetNoDataValue(nodata)
        if scale is not None:
            to.SetScale(scale)
        if offset is not None:
            to.SetOffset(offset)
        to.WriteArray(band)


def pixels(k, i, c=13, h=16, w=16):
    """Image i of class k: bands of different levels, a little noise."""
    noise = np.random.default_rng(1000 * k + i).integers(0, 200, (c, h, w))
    return (500 + 300 * k + 100 * np.arange(c)[:, None, None] + noise).astype("uint16")


def folders(root, change=lambda k, i, a: a, c=13, n=10, **options):
    """Classes A, B, C of n images each."""
    for k, name in enumerate("ABC"):
        for i in range(n):
            tif(f"{root}/{name}/{name}_{i}.tif", change(k, i, pixels(k, i, c)), **options)
