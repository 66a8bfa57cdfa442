import assert from 'node:assert/strict';
import test from 'node:test';
import { discoverProject } from '../../../src/core/discovery.ts';
import { sourceTree } from '../source-tree.ts';

test('Durable functions of Python have their triggers and clients, also in a blueprint', async () => {
  const tree = sourceTree({
    'function_app.py': `import azure.functions as func
import azure.durable_functions as df
from parts import bp
app = df.DFApp(http_auth_level=func.AuthLevel.ANONYMOUS)
app.register_functions(bp)
@app.route(route="start")
@app.durable_client_input(client_name="client")
async def start(req, client):
    pass
@app.orchestration_trigger(context_name="context")
def run(context):
    pass
`,
    'parts.py': `import azure.durable_functions as df
bp = df.Blueprint()
@bp.activity_trigger(input_name="city")
def hello(city):
    pass
@bp.entity_trigger(context_name="context", entity_name="Counter")
def counter(context):
    pass
`,
  });
  const { functions, unresolved } = await discoverProject(tree);
  assert.deepEqual(unresolved, []);
  assert.deepEqual(
    functions.map(({ name, bindings }) => [name, ...bindings.map(binding => `${binding.type} ${binding.name}`)]),
    [
      ['start', 'httpTrigger req', 'http $return', 'durableClient client'],
      ['run', 'orchestrationTrigger context'],
      ['hello', 'activityTrigger city'],
      ['counter', 'entityTrigger context'],
    ],
  );
});

test('orchestrators of AI agents bring one activity that calls the model', async () => {
  const tree = sourceTree({
    'function_app.py': `import azure.durable_functions as df
app = df.DFApp()
@app.orchestration_trigger(context_name="context")
@app.durable_openai_agent_orchestrator
def poet(context):
    pass
@app.orchestration_trigger(context_name="context")
@app.durable_openai_agent_orchestrator(model_provider=None)
def critic(context):
    pass
`,
  });
  const { functions } = await discoverProject(tree);
  assert.deepEqual(
    functions.map(({ name, bindings: [trigger], unresolved }) => [name, trigger?.type, trigger?.activity, unresolved]),
    [
      ['poet', 'orchestrationTrigger', undefined, []],
      ['run_model_activity', 'activityTrigger', 'run_model', []],
      ['critic', 'orchestrationTrigger', undefined, []],
    ],
  );
});
