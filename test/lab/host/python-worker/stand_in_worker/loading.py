"""Loads the functions of an app in either programming model."""
import dataclasses
import importlib
import inspect
import json
import os
import sys
import traceback
import types
import typing


@dataclasses.dataclass(frozen=True)
class Function:
    name: str
    directory: str
    bindings: typing.Sequence[dict]
    handler: typing.Callable


def load(root, files):
    """The reply to the host, and the functions that can be invoked, by name."""
    for path in (os.path.join(root, ".python_packages/lib/site-packages"), root):
        if path not in sys.path:
            sys.path.insert(0, path)
    script = os.environ.get("PYTHON_SCRIPT_FILE_NAME") or "function_app.py"
    if os.path.exists(os.path.join(root, script)):
        return _load_decorated(root, script)
    return _load_files(root, files)


def _load_decorated(root, script):
    try:
        app = _app_of(importlib.import_module(script.removesuffix(".py").replace("/", ".")))
        found = [_decorated(root, function) for function in app.get_functions()]
    except BaseException as error:
        return {"model": "v2", "functions": [], "errors": {}, "error": _text(error)}, {}
    functions, errors = _checked(found)
    listed = [{"name": f.name, "bindings": f.bindings} for f in found]
    return {"model": "v2", "functions": listed, "errors": errors}, functions


def _app_of(module):
    from azure.functions.decorators.function_app import FunctionRegister

    apps = [value for value in vars(module).values() if isinstance(value, FunctionRegister)]
    if len(apps) != 1:
        raise ValueError(f'"{module.__name__}" must have one FunctionApp at its top level, it has {len(apps)}.')
    return apps[0]


def _decorated(root, function):
    bindings = [json.loads(text) for text in function.get_raw_bindings()]
    known = [{key: value for key, value in binding.items() if value is not None} for binding in bindings]
    return Function(function.get_function_name(), root, known, function.get_user_function())


def _load_files(root, files):
    # The name under which the official worker imports, so that relative imports between folders work.
    package = sys.modules.setdefault("__app__", types.ModuleType("__app__"))
    package.__path__ = [root]
    found, errors = [], {}
    for file in files:
        try:
            found.append(Function(file["name"], file["directory"], file["bindings"], _handler(file)))
        except BaseException as error:
            errors[file["name"]] = _text(error)
    functions, mismatches = _checked(found)
    return {"model": "function.json", "errors": {**errors, **mismatches}}, functions


def _handler(file):
    script = file.get("scriptFile") or ("main.py" if _has(file, "main.py") else "__init__.py")
    path = os.path.normpath(os.path.join(os.path.basename(file["directory"]), script))
    name = "__app__." + path.removesuffix(".py").replace("/", ".")
    module = importlib.import_module(name.removesuffix(".__init__"))
    handler = getattr(module, file.get("entryPoint") or "main", None)
    if handler is None:
        raise AttributeError(f'"{path}" has no function "{file.get("entryPoint") or "main"}".')
    return handler


def _has(file, name):
    return os.path.exists(os.path.join(file["directory"], name))


def _checked(functions):
    """Functions whose parameters fit their bindings, and what is wrong with the others."""
    errors = {f.name: text for f in functions if (text := _mismatch(f))}
    return {f.name: f for f in functions if f.name not in errors}, errors


def _mismatch(function):
    parameters = inspect.signature(function.handler).parameters
    declared = {binding["name"] for binding in function.bindings} - {"$return"}
    absent = sorted(declared - parameters.keys())
    required = {name for name, p in parameters.items() if p.default is p.empty and p.kind is not p.VAR_KEYWORD}
    surplus = sorted(required - declared - {"context"})
    if absent and not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        return f'Unable to load function "{function.name}": bindings without a parameter: {", ".join(absent)}.'
    if surplus:
        return f'Unable to load function "{function.name}": parameters without a binding: {", ".join(surplus)}.'
    return None


def _text(error):
    return "".join(traceback.format_exception(error)).strip()
