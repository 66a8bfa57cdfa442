/**
 * Ways to reach a service by their names: the settings that an app has for each.
 * Hosts of connection strings are under `.invalid`, so that no test that lets KEDA connect asks a stranger.
 */
export type Access = Readonly<Record<string, Readonly<Record<string, string>>>>;

const identity = '11111111-2222-3333-4444-555555555555';

/** Connection string of a storage account. */
export const storageText =
  'DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=b2s=;EndpointSuffix=core.invalid';
/** Connection string of a Cosmos DB account. */
export const cosmosText = 'AccountEndpoint=https://shop.documents.invalid:443/;AccountKey=b2s=;';
/** Certificate of nobody, which KEDA must be able to read. */
export const certificate = [
  '-----BEGIN CERTIFICATE-----',
  'MIIBbzCCARWgAwIBAgIURE5zQSBVUi1aU7UmIZLa0q/dpsswCgYIKoZIzj0EAwIw',
  'DDEKMAgGA1UEAwwBYTAgFw0yNjExMjQxOTQ4MjZaGA8yMTI2MTAzMTE5NDgyNlow',
  'DDEKMAgGA1UEAwwBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABK5RjK1prsY9',
  'sZw6TOjt/eHFQO3KSWIW4IkSVGCsA/+J1Bb80brbzUAfAFzMo+XVz76nTmze3CLj',
  '5XHgBaB085mjUzBRMB0GA1UdDgQWBBSrrZEdRWaeAr0Z8CSggPDRt4pkvjAfBgNV',
  'HSMEGDAWgBSrrZEdRWaeAr0Z8CSggPDRt4pkvjAPBgNVHRMBAf8EBTADAQH/MAoG',
  'CCqGSM49BAMCA0gAMEUCIQDfjfkLMd6o+sOKBcEWrB1ExmTiopkNY6CWL0nVKC91',
  'EAIgMYfDowYyRGbTY4Cl69wdavPwLobBdyZVZFXC29GQg8o=',
  '-----END CERTIFICATE-----',
].join('\n');
const messagingText = 'Endpoint=sb://shop.servicebus.invalid/;SharedAccessKeyName=Root;SharedAccessKey=b2s=';
const sqlText = 'Server=tcp:shop.database.invalid,1433;Database=shop;User ID=app;Password=hush;Encrypt=True';
const mySqlText = 'Server=shop.mysql.invalid;Port=3306;Database=shop;Uid=app;Pwd=hush;SslMode=Required';

/** Storage account for queues, behind the connection `C`, as those below. */
export const storage: Access = {
  'a connection string': { C: storageText },
  'an account': { C__accountName: 'shop', C__clientId: identity },
  'the address of a queue': { C__queueServiceUri: 'https://shop.queue.core.windows.net' },
  'an address in the US government cloud': { C__queueServiceUri: 'https://shop.queue.core.usgovcloudapi.net' },
  'the prefixed name': { AzureWebJobsC: storageText, C: 'x' },
};
/** Storage account for blobs. */
export const blobStorage: Access = {
  'a connection string': { C: storageText },
  'an account': { C__accountName: 'shop' },
  'an address in China': { C__blobServiceUri: 'https://shop.blob.core.chinacloudapi.cn' },
};
/** Service Bus namespace. */
export const serviceBus: Access = {
  'a connection string': { C: messagingText },
  'a namespace': { C__fullyQualifiedNamespace: 'shop.servicebus.windows.net' },
  'a namespace in China': { C__fullyQualifiedNamespace: 'shop.servicebus.chinacloudapi.cn' },
  'the emulator': { C: 'Endpoint=sb://bus;SharedAccessKeyName=Root;SharedAccessKey=b2s=;UseDevelopmentEmulator=true' },
};
/** Event Hubs namespace, with the storage account of the checkpoints. */
export const eventHubs: Access = {
  'connection strings': { C: messagingText },
  'a string with EntityPath': { C: `${messagingText};EntityPath=clicks` },
  identities: {
    C__fullyQualifiedNamespace: 'shop.servicebus.windows.net',
    AzureWebJobsStorage__accountName: 'shop',
    AzureWebJobsStorage: '',
  },
  'an identity and a storage string': { C__fullyQualifiedNamespace: 'shop.servicebus.windows.net' },
  'identities of a private cloud': {
    C__fullyQualifiedNamespace: 'shop.servicebus.my.cloud',
    AzureWebJobsStorage: '',
    AzureWebJobsStorage__blobServiceUri: 'https://shop.blob.my.cloud',
  },
};
/** The endpoint of an IoT Hub that Event Hubs clients read. */
export const iotHub: Access = {
  'its built-in endpoint': {
    C: 'Endpoint=sb://ihsu.servicebus.invalid/;SharedAccessKeyName=service;SharedAccessKey=b2s=;EntityPath=iothub-ehub-shop',
  },
};
/** Cosmos DB account. */
export const cosmos: Access = {
  'a connection string': { C: cosmosText },
  'an account': { C__accountEndpoint: 'https://shop.documents.azure.com:443/', C__clientId: identity },
  'an account in the US government cloud': { C__accountEndpoint: 'https://shop.documents.azure.us:443/' },
};
/** SQL database. */
export const database: Access = {
  'a connection string': { C: sqlText },
  'an identity': { C: 'Server=tcp:shop.database.invalid,1433;Database=shop;Authentication=Active Directory Default' },
  'a named identity': {
    C: `Server=shop.database.invalid;Initial Catalog=shop;Authentication=Active Directory Managed Identity;User Id=${identity}`,
  },
  'a service principal': {
    C: 'Server=shop.database.invalid;Database=shop;Authentication=Active Directory Service Principal;User Id=app;Password=hush',
  },
};
/** MySQL database. */
export const mySql: Access = {
  'a connection string': { C: mySqlText },
  'a connection string without a database': { C: 'Server=shop.invalid;Uid=app;Pwd=hush' },
};
/** Redis server. */
export const redis: Access = {
  'TLS and a password': { C: 'shop.redis.invalid:6380,password=hush,ssl=True,abortConnect=False' },
  'an address alone': { C: 'redis.invalid' },
  'a user and a database': { C: 'redis.invalid:6379,user=app,password=hush,defaultDatabase=3' },
  'several servers': { C: 'one.invalid:6379,two.invalid:6379,password=hush' },
  'an identity': { C__redisHostName: 'shop.redis.cache.windows.net' },
};
/** RabbitMQ server. */
export const rabbitMq: Access = {
  'an address': { C: 'amqp://user:hush@rabbit.invalid:5672/shop' },
  'an address with TLS': { C: 'amqps://user:hush@rabbit.invalid:5671/shop' },
};
/** Kafka brokers without sign-in. */
export const kafka: Access = { 'the name of a setting': { Brokers: 'broker.invalid:9092' } };
/** Kafka brokers with sign-in; Event Hubs is one. */
export const sasl: Access = { credentials: { Brokers: 'shop.servicebus.invalid:9093', KafkaPassword: messagingText } };
/** For triggers that no connection belongs to. */
export const none: Access = { nothing: {} };

/** Some of the ways. */
export function only(access: Access, ...names: readonly string[]): Access {
  return Object.fromEntries(Object.entries(access).filter(([name]) => names.includes(name)));
}
