const { app } = require('@azure/functions');

app.storageQueue('orders', { queueName: '%QUEUE%', connection: 'Orders', handler: async () => {} });
