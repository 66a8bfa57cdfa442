const { app } = require('@azure/functions');

console.log(`Connecting with ${process.env.API_TOKEN}`);
if (!process.env.DATABASE_URL) throw new Error('DATABASE_URL is missing');

app.http('orders', { authLevel: 'anonymous', handler: () => ({ body: 'ok' }) });
