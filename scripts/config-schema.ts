import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import { fileSchema } from '../src/core/config/schema.ts';

/** JSON Schema of `aks-functions.yml` for editors, as the text of a file; made from the schema that the product checks with. */
export function configSchemaText(): string {
  const schema = toJsonSchema(fileSchema, {
    typeMode: 'input',
    // What JSON Schema has no words for is left to the product, which then says it at deployment.
    ignoreActions: ['check', 'readonly', 'transform'],
    overrideSchema: ({ valibotSchema, jsonSchema }) =>
      valibotSchema.type === 'record' ? withScalars(jsonSchema) : tidy(jsonSchema),
    overrideAction: ({ valibotAction, jsonSchema }) =>
      hasFlags(valibotAction) ? { ...jsonSchema, pattern: undefined } : undefined,
  });
  const { $schema, ...rest } = schema;
  const head = {
    $schema,
    title: 'aks-functions.yml',
    description: 'Configuration of one Azure Functions app on AKS. Lies beside "host.json"; all of it is optional.',
  };
  return `${JSON.stringify({ ...head, ...rest }, undefined, 2)}\n`;
}

/** In a map of texts the product takes numbers and booleans as they are written: `PORT: 8080` is the text "8080". */
function withScalars(schema: JsonSchema): JsonSchema {
  const { additionalProperties: values, propertyNames: names, ...rest } = schema;
  const named = typeof names === 'object' && Object.keys(names).length > 1 ? { propertyNames: names } : {};
  if (typeof values !== 'object' || values.type !== 'string')
    return { ...rest, ...named, additionalProperties: values ?? true };
  return { ...rest, ...named, additionalProperties: { ...values, type: ['string', 'number', 'boolean'] } };
}

function tidy(schema: JsonSchema): JsonSchema | undefined {
  return schema.required?.length === 0 ? { ...schema, required: undefined } : undefined;
}

/** JSON Schema knows no flags of regular expressions. */
function hasFlags(action: { readonly type: string }): boolean {
  return (
    action.type === 'regex' &&
    'requirement' in action &&
    action.requirement instanceof RegExp &&
    action.requirement.flags !== ''
  );
}
