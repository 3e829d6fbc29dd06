import { LIMITS, type AttachmentKind, type MessageContent } from '@parley/client';
import type { TextKey } from '../context.js';
import { isWholeAddress } from '../webAddress.js';

/** Kind of a form: for a picture, a voice message or a file by its address; a place; a product. */
export type AttachFormKind = 'address' | 'place' | 'product';

/** Content of a message besides its text. */
export type Carried = Pick<MessageContent, 'attachments' | 'location' | 'card'>;

/** Texts of the fields, by their names. */
export type FieldValues = Readonly<Record<string, string>>;

/** Content, or what is wrong with the fields. */
export type Read = { carried: Carried } | { problems: Readonly<Record<string, TextKey>> };

export interface FormField {
  name: string;
  label: TextKey;
  placeholder?: string;
  maxChars?: number;
  isNumber?: boolean;
}

interface AttachForm {
  title: TextKey;
  fields: readonly FormField[];
  read: (values: FieldValues) => Read;
}

const URL_FIELD = { placeholder: 'https://…', maxChars: LIMITS.maxUrlChars };
const TITLE = { maxChars: LIMITS.maxTitleChars };

export const ATTACH_FORMS: Readonly<Record<AttachFormKind, AttachForm>> = {
  address: {
    title: 'sendAddress',
    fields: [
      { name: 'url', label: 'wholeAddress', ...URL_FIELD },
      { name: 'name', label: 'fileNameField', ...TITLE },
    ],
    read: readAddress,
  },
  place: {
    title: 'sendPlace',
    fields: [
      { name: 'title', label: 'placeName', ...TITLE },
      { name: 'latitude', label: 'latitude', isNumber: true },
      { name: 'longitude', label: 'longitude', isNumber: true },
    ],
    read: readPlace,
  },
  product: {
    title: 'sendProduct',
    fields: [
      { name: 'title', label: 'cardTitle', ...TITLE },
      { name: 'amount', label: 'priceField', placeholder: '49.90', isNumber: true },
      { name: 'currency', label: 'currencyField', placeholder: 'EUR', maxChars: 3 },
      { name: 'picture', label: 'cardPicture', ...URL_FIELD },
    ],
    read: readProduct,
  },
};

export const ADDRESS_KINDS: readonly AttachmentKind[] = ['image', 'voice', 'file'];

type Problem = TextKey | undefined;

function readAddress({ url = '', name = '', kind }: FieldValues): Read {
  const problems = { url: url === '' ? 'needed' : problemOfAddress(url) } as const;
  const known = ADDRESS_KINDS.find((one) => one === kind) ?? 'image';
  return (
    failed(problems) ?? {
      carried: { attachments: [{ kind: known, url, ...(name !== '' && { name }) }] },
    }
  );
}

function readPlace({ title = '', latitude = '', longitude = '' }: FieldValues): Read {
  const problems = {
    latitude: isWithin(latitude, 90) ? undefined : 'wrongLatitude',
    longitude: isWithin(longitude, 180) ? undefined : 'wrongLongitude',
  } as const;
  const place = { latitude: toNumber(latitude), longitude: toNumber(longitude) };
  return failed(problems) ?? { carried: { location: { ...place, ...(title !== '' && { title }) } } };
}

/** As the server takes them: a decimal, and an ISO 4217 code. */
const AMOUNT = /^\d{1,12}(\.\d{1,4})?$/;
const CURRENCY = /^[A-Z]{3}$/;

function readProduct({ title = '', amount = '', currency = '', picture = '' }: FieldValues): Read {
  const price = { amount: amount.replace(',', '.'), currency: currency.toUpperCase() || 'EUR' };
  const hasPrice = amount !== '';
  const problems: Record<string, Problem> = {
    title: title === '' ? 'needed' : undefined,
    amount: !hasPrice || AMOUNT.test(price.amount) ? undefined : 'wrongPrice',
    currency: !hasPrice || CURRENCY.test(price.currency) ? undefined : 'wrongCurrency',
    picture: picture === '' ? undefined : problemOfAddress(picture),
  };
  const card = {
    kind: 'product' as const,
    title,
    ...(picture !== '' && { pictureUrl: picture }),
    ...(hasPrice && { price }),
  };
  return failed(problems) ?? { carried: { card } };
}

function failed(problems: Readonly<Record<string, Problem>>): Read | undefined {
  const wrong = Object.entries(problems).flatMap(([name, problem]) =>
    problem === undefined ? [] : [[name, problem] as const],
  );
  return wrong.length === 0 ? undefined : { problems: Object.fromEntries(wrong) };
}

const problemOfAddress = (address: string): Problem => (isWholeAddress(address) ? undefined : 'wrongAddress');

/** Numbers are written with a comma in many countries. */
const toNumber = (text: string): number => Number(text.replace(',', '.').replace('−', '-'));

const isWithin = (text: string, limit: number): boolean => text !== '' && Math.abs(toNumber(text)) <= limit;
