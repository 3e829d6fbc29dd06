// Receives and verifies webhooks: WEBHOOK_SECRET=whsec_… PORT=4000 node webhook-receiver.mjs (npm install standardwebhooks).
import { createServer } from 'node:http';
import { Webhook } from 'standardwebhooks';

const webhook = new Webhook(process.env.WEBHOOK_SECRET);
const seen = new Set(); // Your database: an event may arrive twice.

createServer(async (request, response) => {
  let body = '';
  for await (const chunk of request.setEncoding('utf8')) body += chunk;
  let event;
  try {
    event = webhook.verify(body, request.headers); // Throws unless the signature is right and not older than five minutes.
  } catch {
    return response.writeHead(400).end();
  }
  const id = request.headers['webhook-id'];
  if (!seen.has(id)) console.log(event.type, JSON.stringify(event.data));
  seen.add(id);
  response.writeHead(204).end(); // Within 15 s. Anything but 2xx is repeated.
}).listen(process.env.PORT ?? 4000, () => console.log('ready'));
