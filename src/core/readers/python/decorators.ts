/** A decorator that adds a binding to a function. */
export interface DecoratorRow {
  /** Type in `function.json`; undefined where an argument names it. */
  readonly type: string | undefined;
  readonly direction: 'in' | 'out';
  /** Parameters by position, as far as they matter. */
  readonly parameters: readonly string[];
  /** The parameter that is the binding's name. */
  readonly nameParameter: string;
}

/** One line a decorator: name, type of the binding, its parameters by position. */
const triggers = `
queue_trigger queueTrigger arg_name queue_name connection data_type
timer_trigger timerTrigger arg_name schedule run_on_startup use_monitor data_type
schedule timerTrigger arg_name schedule run_on_startup use_monitor data_type
blob_trigger blobTrigger arg_name path connection source data_type
service_bus_queue_trigger serviceBusTrigger arg_name connection queue_name data_type access_rights is_sessions_enabled cardinality
service_bus_topic_trigger serviceBusTrigger arg_name connection topic_name subscription_name data_type access_rights is_sessions_enabled cardinality
event_hub_message_trigger eventHubTrigger arg_name connection event_hub_name data_type cardinality consumer_group
event_grid_trigger eventGridTrigger arg_name data_type
cosmos_db_trigger cosmosDBTrigger arg_name connection database_name container_name lease_connection lease_database_name lease_container_name
cosmos_db_trigger_v3 cosmosDBTrigger arg_name database_name collection_name connection_string_setting lease_collection_name
kafka_trigger kafkaTrigger arg_name topic broker_list event_hub_connection_string consumer_group
sql_trigger sqlTrigger arg_name table_name connection_string_setting leases_table_name data_type
mysql_trigger mysqlTrigger arg_name table_name connection_string_setting leases_table_name data_type
warm_up_trigger warmupTrigger arg_name data_type
connector_trigger connectorTrigger arg_name data_type
mcp_tool_trigger mcpToolTrigger arg_name tool_name description tool_properties data_type
mcp_resource_trigger mcpResourceTrigger arg_name uri resource_name title description mime_type
mcp_prompt_trigger mcpPromptTrigger arg_name prompt_name prompt_arguments title description metadata
dapr_service_invocation_trigger daprServiceInvocationTrigger arg_name method_name data_type
dapr_binding_trigger daprBindingTrigger arg_name binding_name data_type
dapr_topic_trigger daprTopicTrigger arg_name pub_sub_name topic route data_type
assistant_skill_trigger assistantSkillTrigger arg_name function_description function_name parameter_description_json data_type
generic_trigger - arg_name type data_type
orchestration_trigger orchestrationTrigger context_name orchestration
activity_trigger activityTrigger input_name activity
entity_trigger entityTrigger context_name entity_name`;

const inputs = `
blob_input blob arg_name path connection data_type
cosmos_db_input cosmosDB arg_name connection database_name container_name partition_key id
cosmos_db_input_v3 cosmosDB arg_name database_name collection_name connection_string_setting id sql_query
table_input table arg_name connection table_name row_key partition_key take
sql_input sql arg_name command_text connection_string_setting command_type parameters data_type
mysql_input mysql arg_name command_text connection_string_setting command_type parameters data_type
dapr_state_input daprState arg_name state_store key dapr_address data_type
dapr_secret_input daprSecret arg_name secret_store_name key metadata dapr_address data_type
durable_client_input durableClient client_name task_hub connection_name
generic_input_binding - arg_name type data_type
text_completion_input textCompletion arg_name prompt ai_connection_name chat_model temperature top_p
assistant_query_input assistantQuery arg_name id timestamp_utc chat_storage_connection_setting collection_name
assistant_post_input assistantPost arg_name id user_message ai_connection_name chat_model
embeddings_input embeddings arg_name input input_type ai_connection_name embeddings_model
semantic_search_input semanticSearch arg_name search_connection_name collection query ai_connection_name`;

const outputs = `
queue_output queue arg_name queue_name connection data_type
blob_output blob arg_name path connection data_type
service_bus_queue_output serviceBus arg_name connection queue_name data_type access_rights
service_bus_topic_output serviceBus arg_name connection topic_name subscription_name data_type access_rights
event_hub_output eventHub arg_name connection event_hub_name data_type
event_grid_output eventGrid arg_name topic_endpoint_uri topic_key_setting connection data_type
cosmos_db_output cosmosDB arg_name connection database_name container_name create_if_not_exists partition_key
cosmos_db_output_v3 cosmosDB arg_name database_name collection_name connection_string_setting create_if_not_exists
kafka_output kafka arg_name topic broker_list avro_schema key_avro_schema
table_output table arg_name connection table_name row_key partition_key data_type
sql_output sql arg_name command_text connection_string_setting data_type
mysql_output mysql arg_name command_text connection_string_setting data_type
dapr_state_output daprState arg_name state_store key dapr_address data_type
dapr_invoke_output daprInvoke arg_name app_id method_name http_verb dapr_address data_type
dapr_publish_output daprPublish arg_name pub_sub_name topic dapr_address data_type
dapr_binding_output daprBinding arg_name binding_name operation dapr_address data_type
assistant_create_output assistantCreate arg_name data_type
embeddings_store_output embeddingsStore arg_name input input_type store_connection_name collection
generic_output_binding - arg_name type data_type`;

function rowsOf(lines: string, direction: 'in' | 'out'): readonly (readonly [string, DecoratorRow])[] {
  return lines
    .trim()
    .split('\n')
    .map(line => {
      const [name = '', type = '', ...parameters] = line.split(' ');
      return [
        name,
        { type: type === '-' ? undefined : type, direction, parameters, nameParameter: parameters[0] ?? '' },
      ];
    });
}

const rows: ReadonlyMap<string, DecoratorRow> = new Map([
  ...rowsOf(triggers, 'in'),
  ...rowsOf(inputs, 'in'),
  ...rowsOf(outputs, 'out'),
]);

/** The row of a decorator, or undefined for one that adds no binding. */
export function decoratorRow(name: string): DecoratorRow | undefined {
  return rows.get(name);
}

/** Parameters of `route`, by position. */
export const routeParameters = [
  'route',
  'trigger_arg_name',
  'binding_arg_name',
  'methods',
  'auth_level',
  'trigger_extra_fields',
  'binding_extra_fields',
];

/** Makes an orchestrator run an AI agent; the model is called by an activity that the library adds. */
export const agentDecorator = 'durable_openai_agent_orchestrator';

/** Decorators that change a function without adding a binding. */
export const otherDecorators: ReadonlySet<string> = new Set([
  'function_name',
  'retry',
  'http_type',
  'mcp_tool_property',
  agentDecorator,
]);
