import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';
import { catalogue, type Item } from './catalogue.js';

/** Turns the id of an item into the item. What is not on the shelf is refused before the session is touched. */
@Injectable()
export class ItemPipe implements PipeTransform<unknown, Item> {
  transform(itemId: unknown): Item {
    const item = catalogue.find(({ id }) => id === itemId);
    if (!item) throw new BadRequestException('This shop does not sell that. Choose something from the shelf.');
    return item;
  }
}
