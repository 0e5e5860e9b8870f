#!/usr/bin/env python3
"""The include arrows and the doors of docs/architecture.md, checked on every source and header."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent

# layer -> layers it may include (its own always)
ARROWS = {
    "pixel_kernels": set(),
    "base": set(),
    "io": {"base"},
    "trial": {"base"},
    "catalog": {"base"},
    "data": {"base", "io"},
    "stats": {"base"},
    "model": {"base", "io", "data", "catalog"},
    "query": {"base", "io", "data", "catalog", "model"},
    "engine": {"base", "io", "data", "catalog", "model", "query", "trial"},
    "campaign": {"base", "io", "data", "engine", "trial", "stats"},
    "options": {"base", "catalog"},  # FOLDER/options.hpp: plain structs, whatever their folder may include
    "config": {"base", "catalog", "trial", "data", "options"},
    "results": {"base", "io", "trial", "catalog"},
    "farm": {"base", "trial"},
    "farm/mpi": {"base", "trial", "farm"},
    "sweep": {"base", "io", "trial", "catalog", "data", "stats", "config", "results", "farm"},
    # what a program does not link, it does not include
    "apps": {"base", "io"},
    "apps/al_mpi": {"base", "io", "trial", "catalog", "stats", "config", "results", "farm", "farm/mpi", "sweep"},
    "apps/al_trial": {"base", "io", "trial", "catalog", "data", "config", "model", "query", "engine", "campaign"},
    "apps/al_prepare": {"base", "io", "catalog", "data", "config", "model"},
    "apps/al_aggregate": {"base"},
    "tools/raster": {"base", "io", "data"},
    "tools/prepare": {"base", "io", "data", "model", "campaign", "tools/raster"},
    "tools/predict": {"base", "data", "model", "tools/raster"},
    "tools/aggregate": {"base", "io", "trial", "catalog", "config", "results", "stats"},
}
# layer -> its rooms (LAYER/ROOM, with headers of their own) -> the rooms that each may include; what lies beside the rooms
# may include them all
ROOMS = {
    "model": {
        "devices": set(),
        "layers": {"devices"},
        "networks": {"devices", "layers"},
        "training": {"devices", "layers", "networks"},
        "pretraining": {"devices", "layers", "networks"},
    },
    "query": {
        "geometry": set(),
        "scores": set(),
        "strategies": {"geometry", "scores"},
        "inits": {"geometry"},
    },
    "tools/prepare": {
        "output": set(),
        "images": {"output"},
        "classes": {"output", "images"},
        "labels": {"output", "images"},
        "embeddings": {"output"},
    },
    "tools/aggregate": {
        "study": set(),
        "figures": {"study"},
        "tables": {"study"},
        "report": {"study", "tables", "figures"},
    },
}
# third-party header -> layers that may include it (all others may not)
DOORS = {
    r"hdf5(_hl)?\.h|H5\w+\.h": {"io"},
    r"minizip/.*|zlib\.h|libdeflate\.h": {"io"},
    r"torch/torch\.h": {"model"},
    r"\w*intrin\.h": {"pixel_kernels"},
    r"pixel_kernels/.*": {"pixel_kernels", "model"},
    r"mpi\.h": {"farm/mpi"},
    r"yaml-cpp/.*": {"config"},
    r"nlohmann/.*": {"trial", "results", "config", "engine", "campaign", "farm", "farm/mpi", "sweep", "apps", "tools", "io"},
    r"simdjson\.h": {"trial"},
    r"CLI/.*": {"apps", "tools"},
    r"gdal.*|ogr.*|cpl_.*": {"tools/raster"},
}


def layer_of(path):
    parts = path.relative_to(ROOT).parts
    if parts[0] == "pixel_kernels":  # a library of its own
        return "pixel_kernels"
    if parts[0] == "tools":
        return f"tools/{parts[1]}"
    if parts[0] == "include" and path.name == "options.hpp":
        return "options"
    folders = parts[2:-1] if parts[0] == "include" else parts[1:-1]
    if folders[:1] == ("apps",):
        program = folders[1] if len(folders) > 1 else path.stem
        return f"apps/{program}" if f"apps/{program}" in ARROWS else "apps"
    if folders[:2] == ("farm", "mpi"):
        return "farm/mpi"
    return folders[0] if folders else None


def without_users(files):
    """Headers of include/ that no other layer includes, itself or by a header that it includes."""
    headers = {str(p.relative_to(ROOT / "include")): p for p in files if p.is_relative_to(ROOT / "include")}
    includes = {p: set(re.findall(r"^\s*#\s*include\s*<(al_mpi/[^>]+)>", p.read_text(), re.M)) for p in files}
    used = {h for p in files for h in includes[p] & headers.keys() if layer_of(p) != layer_of(headers[h])}
    todo = list(used)
    while todo:
        more = (includes[headers[todo.pop()]] & headers.keys()) - used
        used |= more
        todo += more
    return sorted(headers.keys() - used)


def purposes_of_streams(files):
    """Purposes of random streams that base/rng.hpp does not list, and listed ones that nothing uses."""
    code = {p: re.sub(r"//.*", "", p.read_text()) for p in files}
    comment = " ".join(re.findall(r"///(.*)", (ROOT / "include/al_mpi/base/rng.hpp").read_text()))
    stem = lambda purpose: re.split(r"[ _](?=[A-Z])", purpose)[0]  # "split_order_SPLIT" -> "split_order"
    listed = {stem(purpose) for purpose in re.findall(r'"([^"]+)"', comment[comment.index("Purposes in use"):])}
    used = {}
    for path, text in code.items():
        for call in re.findall(r'(?:RngStream(?:\s+\w+)?[({]|\brng\()([^;{]*)', text):
            for purpose in re.findall(r'"([^"]+)"', call):
                used[re.sub(r"[ _]?(?:\{\}|train|val|test)?$", "", purpose)] = path.relative_to(ROOT)
    literals = " ".join(code.values())
    return ([f"{path}: the stream '{purpose}' is not listed in base/rng.hpp" for purpose, path in used.items() if purpose not in listed] +
            [f"base/rng.hpp lists '{purpose}', which nothing uses" for purpose in sorted(listed) if f'"{purpose}' not in literals])


def main():
    problems = []
    files = [p for top in ("src", "include", "tools", "pixel_kernels") for s in ("*.cpp", "*.hpp", "*.def")
             for p in (ROOT / top).rglob(s)]
    for path in sorted(files):
        layer = layer_of(path)
        for header in re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', path.read_text(), re.M):
            where = f"{path.relative_to(ROOT)} includes {header}"
            own = re.fullmatch(r"al_mpi/(.+)/([^/]+)", header)
            if own and layer in ARROWS:
                allowed = ARROWS[layer] | {layer}
                options = own.group(2) == "options.hpp" and "options" in allowed
                target = "options" if options else own.group(1)
                if target not in allowed:
                    problems.append(f"{where}: {layer}/ may not include {target}/")
            private = re.fullmatch(r"(?:src/([^/]+)|(tools/[^/]+))/(?:([^/]+)/)?[^/]+", header)
            if private and layer != "pixel_kernels":
                target, room = private.group(1) or private.group(2), private.group(3)
                own_room = path.parent.name if path.parent.name in ROOMS.get(layer, {}) else None
                allowed = ROOMS.get(layer, {}).get(own_room, set()) | {own_room, None}
                if private.group(1) and (target != layer or path.parts[len(ROOT.parts)] != "src"):
                    problems.append(f"{where}: a header of src/{target}/ is that layer's own")
                elif target != layer and target not in ARROWS.get(layer, {target}) and not layer.startswith("apps/"):
                    problems.append(f"{where}: {layer}/ may not include {target}/")
                elif target == layer and own_room and room not in allowed:
                    problems.append(f"{where}: {layer}/{own_room}/ may not include {layer}/{room}/")
            for pattern, layers in DOORS.items():
                doors = {layer, layer.split("/")[0]} if layer and re.match("apps/|tools/", layer) else {layer}
                if re.fullmatch(pattern, header) and not doors & layers:
                    problems.append(f"{where}: only {', '.join(sorted(layers))} may")
    problems += [f"include/{h}: no other layer includes it, so it belongs to src/" for h in without_users(files)]
    problems += purposes_of_streams(files)
    print("\n".join(problems) if problems else f"{len(files)} files keep the arrows and the doors")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
