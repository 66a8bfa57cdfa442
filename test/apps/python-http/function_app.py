import azure.functions as func

app = func.FunctionApp()


@app.function_name(name="python-http")
@app.route(route="python-http", methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
def hello(req: func.HttpRequest) -> func.HttpResponse:
    name = req.params.get("name")
    if not name:
        return func.HttpResponse("Pass a name in the query string.", status_code=400)
    return func.HttpResponse(f"Hello {name}!")
