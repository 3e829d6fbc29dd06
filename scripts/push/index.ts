import { Command } from '@commander-js/extra-typings';
import webPush from 'web-push';

/** Prints a new key pair for web push as lines of `.env`. Nothing is stored. */
function printKeys(): void {
  const { publicKey, privateKey } = webPush.generateVAPIDKeys();
  console.log(`VAPID_PUBLIC_KEY=${publicKey}\nVAPID_PRIVATE_KEY=${privateKey}`);
  console.error('Keep both: with other keys, every page has to subscribe again.');
}

const program = new Command('npm run push --').description('Tools for push notifications.');
program.command('keys').description('prints a new key pair for web push (VAPID)').action(printKeys);
program.parse();
