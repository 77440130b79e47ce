import { BadRequestException, Injectable, type PipeTransform } from '@nestjs/common';

/** A field of a form: a string of at most 200 characters. */
@Injectable()
export class TextPipe implements PipeTransform<unknown, string> {
  transform(value: unknown): string {
    if (typeof value === 'string' && value.length <= 200) return value;
    throw new BadRequestException('A field of the form is missing or too long.');
  }
}
