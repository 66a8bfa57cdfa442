/** Files of an app by their path. */
export type Files = Readonly<Record<string, string>>;

/** A Node app with this code in its one file. */
export const node = (code: string, others: Files = {}): Files => ({
  'package.json': '{"main":"a.js"}',
  'a.js': `const { app } = require('@azure/functions');\n${code}`,
  ...others,
});

/** A Python app with this code in its one file. */
export const python = (code: string, others: Files = {}): Files => ({
  'function_app.py': `import azure.functions as func\napp = func.FunctionApp()\n${code}`,
  ...others,
});

/** A C# app with these members in its one file. */
export const csharp = (members: string): Files => ({ 'app.csproj': '<Project/>', 'A.cs': members });
