"""Calls functions, with the official library's own conversions in both directions."""
import base64
import contextvars
import dataclasses
import inspect
import typing


@dataclasses.dataclass(frozen=True)
class Context:
    """What a function gets for its parameter `context`."""

    invocation_id: str
    function_name: str
    function_directory: str
    trace_context: typing.Any = None
    retry_context: typing.Any = None


def _library():
    from azure.functions import _abc, meta

    return _abc, meta


async def invoke(function, call, loop, threads):
    """Runs an async function on the loop, any other in the pool of threads; gives its outputs as they travel."""
    abc, meta = _library()
    arguments = _inputs(function, call, meta)
    outputs = {b["name"]: _out(abc)() for b in function.bindings if _is_out(b) and b["name"] != "$return"}
    arguments.update(outputs)
    if "context" in inspect.signature(function.handler).parameters:
        arguments["context"] = Context(call["invocationId"], function.name, function.directory)
    if inspect.iscoroutinefunction(function.handler):
        result = await function.handler(**arguments)
    else:
        run = contextvars.copy_context().run
        result = await loop.run_in_executor(threads, lambda: run(function.handler, **arguments))
    values = {**{name: out.get() for name, out in outputs.items()}, "$return": result}
    return {"outputs": _encoded(function, values, meta)}


def _out(abc):
    class Out(abc.Out):
        _value = None

        def set(self, val):
            self._value = val

        def get(self):
            return self._value

    return Out


def _is_out(binding):
    return "out" in str(binding.get("direction", "")).lower()


def _inputs(function, call, meta):
    metadata = {key: _datum(value, meta) for key, value in call["triggerMetadata"].items()}
    bindings = {binding["name"]: binding for binding in function.bindings}
    return {name: _decoded(bindings[name], value, metadata, meta) for name, value in call["data"].items()}


def _decoded(binding, value, metadata, meta):
    converter = _converter(binding, meta)
    if converter is None:
        raise NotImplementedError(f'The stand-in host has no data for bindings of type "{binding["type"]}".')
    return converter.decode(_datum(value, meta), trigger_metadata=metadata)


def _converter(binding, meta):
    get = meta._ConverterMeta.get
    return get(binding["type"]) or get(binding["type"][0].lower() + binding["type"][1:])


def _datum(value, meta):
    kind, content = next(iter(value.items()))
    if kind == "bytes":
        return meta.Datum(base64.b64decode(content), "bytes")
    if kind == "http":
        return meta.Datum(_request(content, meta), "http")
    return meta.Datum(content, kind)


def _request(content, meta):
    text = lambda value: meta.Datum(value, "string")
    mapped = lambda values: {name: text(value) for name, value in values.items()}
    body = content.get("body") or {"bytes": ""}
    return {
        "method": text(content["method"]),
        "url": text(content["url"]),
        "headers": mapped(content["headers"]),
        "query": mapped(content["query"]),
        "params": mapped(content["params"]),
        "body": _datum(body, meta),
    }


def _encoded(function, values, meta):
    outgoing = [b for b in function.bindings if _is_out(b) and values.get(b["name"]) is not None]
    expected = function.handler.__annotations__.get("return")
    encode = lambda b: _converter(b, meta).encode(values[b["name"]], expected_type=expected)
    return {b["name"]: _wire(encode(b)) for b in outgoing}


def _wire(datum):
    if datum is None:
        return None
    if datum.type == "bytes":
        return {"bytes": base64.b64encode(datum.value).decode()}
    if datum.type == "http":
        return {"http": _response(datum.value)}
    return {datum.type: datum.value}


def _response(value):
    cookies = [morsel.OutputString() for cookie in value.get("cookies") or [] for morsel in cookie.values()]
    headers = {name: header.value for name, header in value["headers"].items()}
    return {"statusCode": value["status_code"].value, "headers": headers, "setCookie": cookies, "body": _wire(value["body"])}
