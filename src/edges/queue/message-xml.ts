const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};
const characters = new Map(Object.entries(entities).map(([character, entity]) => [entity, character]));

/** Body of the request that puts a message. */
export function renderMessage(text: string): string {
  return `<?xml version="1.0" encoding="utf-8"?><QueueMessage><MessageText>${text.replace(/[&<>"']/g, one => entities[one] ?? one)}</MessageText></QueueMessage>`;
}

/** Texts of the messages in an answer, in its order. */
export function parseMessages(body: string): readonly string[] {
  return [...body.matchAll(/<MessageText(?:\s*\/>|>([\s\S]*?)<\/MessageText>)/g)].map(match =>
    unescaped(match[1] ?? ''),
  );
}

/** Code of an error that the storage service describes in its body, such as `QueueNotFound`. */
export function parseErrorCode(body: string): string | undefined {
  return /<Code>([^<]+)<\/Code>/.exec(body)?.[1];
}

function unescaped(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|\w+);/gi,
    (entity, hex: string | undefined, decimal: string | undefined) => {
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      return decimal === undefined ? (characters.get(entity) ?? entity) : String.fromCodePoint(Number(decimal));
    },
  );
}
