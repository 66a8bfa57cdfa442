const { app } = require('@azure/functions');

app.http('hello', { authLevel: 'anonymous', handler: () => ({ body: 'hello' }) });
