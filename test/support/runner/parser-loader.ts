import { registerHooks } from 'node:module';

// GitHub's parser imports its schema as JSON without the attribute that Node asks for.
registerHooks({
  load: (url, context, next) =>
    next(
      url,
      url.endsWith('.json') ? { ...context, importAttributes: { ...context.importAttributes, type: 'json' } } : context,
    ),
});

const [workflows, actions] = await Promise.all([
  import('@actions/workflow-parser'),
  import('@actions/workflow-parser/actions/index'),
]);

/** GitHub's own parser of workflows and action manifests. */
export const { parseWorkflow, NoOperationTraceWriter } = workflows;
export const { parseAction } = actions;
